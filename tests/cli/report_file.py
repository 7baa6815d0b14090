# SPDX-License-Identifier: MIT
"""Writes report files (libdetect/report/format.h) for tests of the CLI, with addresses of real binaries.

Independent of the C writer on purpose: what both agree on is the format.
"""
import re
import struct
import subprocess
import zlib

HELLO, MODULE, THREAD, FINDING, WITHDRAWN, COUNT, LIMIT, STAT, ENDED, FURTHER = range(1, 11)
(VERSION, PID, PARENT, PROGRAM, ARG, MODE, UNDER_RUN, TIME, INDEX, PATH, BUILD_ID, BIAS, SIZE, THREAD_TAG, NAME,
 TID, CREATOR, STACK, ROLE, FRAMES, NUMBER, KIND, CONFIDENCE, MESSAGE, REPLACES, THREADS, OBJECT, WHAT, ADDRESS,
 PLACE, ON_STACK_OF, BY_FIRST_USE, HELD, OBJECT_INDEX, SHARED, TRUNCATED, COUNT_TAG, CODE, TEXT, REASON,
 STATUS, ACCESS, FLAGS, BLOCK, TLS_OF, TLS_PLACE, STACK_FRAME, BECAUSE) = range(1, 49)
READ, WRITE, ATOMIC, RMW, MOV, SOURCE_KNOWN, LIBRARY, LIBC, FREE, UNMAP, VOLATILE, STATIC = (1 << i for i in range(12))
U64, TEXT_WIRE, U64S, GROUP = 1, 2, 3, 4


def number(tag, value):
    return struct.pack("<HHIQ", tag, U64, 8, value)


def text(tag, value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<HHI", tag, TEXT_WIRE, len(data)) + data


def numbers(tag, values):
    return struct.pack("<HHI", tag, U64S, 8 * len(values)) + struct.pack(f"<{len(values)}Q", *values)


def group(tag, *fields):
    data = b"".join(fields)
    return struct.pack("<HHI", tag, GROUP, len(data)) + data


def record(kind, *fields):
    payload = b"".join(fields)
    summed = struct.pack("<HHI", kind, 0, len(payload))
    return b"DETR" + summed + struct.pack("<I", zlib.crc32(summed + payload)) + payload


def stack(frames, role="", thread=0):
    return group(STACK, text(ROLE, role), number(THREAD_TAG, thread), numbers(FRAMES, frames))


def obj(what, address, size=40, place=None, created=None, by_first_use=False, on_stack_of=None):
    fields = [text(WHAT, what), number(ADDRESS, address), number(SIZE, size)]
    if place is not None:
        fields.append(number(PLACE, place))
    if on_stack_of is not None:
        fields.append(number(ON_STACK_OF, on_stack_of))
    if created:
        fields += [stack(created), number(BY_FIRST_USE, int(by_first_use))]
    return group(OBJECT, *fields)


def access(thread, frames, flags, address, size):
    return group(STACK, text(ROLE, ""), number(THREAD_TAG, thread), numbers(FRAMES, frames),
                 group(ACCESS, number(FLAGS, flags), number(ADDRESS, address), number(SIZE, size)))


def memory(address, size, place=None, on_stack_of=None, frame=None, tls=None, block=None):
    """tls: (thread, place); block: (address, size, thread, stack); frame: (place, cfa, place of the caller)"""
    fields = [text(WHAT, "memory"), number(ADDRESS, address), number(SIZE, size)]
    if place is not None:
        fields.append(number(PLACE, place))
    if on_stack_of is not None:
        fields.append(number(ON_STACK_OF, on_stack_of))
    if tls:
        fields += [number(TLS_OF, tls[0]), number(TLS_PLACE, tls[1])]
    if block:
        fields.append(group(BLOCK, number(ADDRESS, block[0]), number(SIZE, block[1]), number(THREAD_TAG, block[2]),
                            stack(block[3], thread=block[2])))
    if frame:
        fields.append(numbers(STACK_FRAME, frame))
    return group(OBJECT, *fields)


def further(number_, *objects):
    return record(FURTHER, number(NUMBER, number_), *objects)


def held(thread, index, acquired=(), shared=False):
    return group(HELD, number(THREAD_TAG, thread), number(OBJECT_INDEX, index), number(SHARED, int(shared)),
                 stack(acquired, thread=thread))


class Binary:
    """Where functions, lines and variables of a binary are."""

    def __init__(self, path, index=1):
        self.path = path
        self.index = index
        self.build_id = run("readelf", "-n", path).partition("Build ID: ")[2].split("\n")[0].strip()
        self.lines = {}
        for line in run("objdump", "--dwarf=decodedline", path).splitlines():
            found = re.match(r"(\S+)\s+(\d+)\s+(0x[0-9a-f]+)\s.*x", line)
            if found:
                key = (found.group(1), int(found.group(2)))
                self.lines.setdefault(key, int(found.group(3), 16))
        self.symbols = {line.split()[-1]: int(line.split()[0], 16) for line in run("nm", path).splitlines()
                        if len(line.split()) == 3}

    def line(self, file, wanted):
        """The frame of the call in the first line of the source that contains the text."""
        with open(file, encoding="utf-8") as source:
            numbered = next(i for i, content in enumerate(source, 1) if wanted in content)
        return self.index << 48 | self.lines[(file, numbered)]

    def symbol(self, name, offset=0):
        return self.index << 48 | self.symbols[name] + offset

    def frame_offsets(self, wanted):
        """Of the local variables of that name, from the canonical frame address, in the order of the debug information."""
        found, name = [], None
        for line in run("readelf", "--debug-dump=info", self.path).splitlines():
            if "DW_AT_name" in line:
                name = line.rpartition(": ")[2].strip()
            offset = re.search(r"DW_AT_location.*DW_OP_fbreg: (-?\d+)", line)
            if offset and name == wanted:
                found.append(int(offset.group(1)))
        return found

    def module(self, path=None, build_id=None):
        return record(MODULE, number(INDEX, self.index), text(PATH, path or self.path),
                      text(BUILD_ID, self.build_id if build_id is None else build_id), number(BIAS, 0x555500000000),
                      number(SIZE, 0x5000))


def run(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def hello(pid=100, program="/bin/sample", args=("sample",), version=1, parent=1, time=1):
    return record(HELLO, number(VERSION, version), number(PID, pid), number(PARENT, parent), text(PROGRAM, program),
                  *[text(ARG, arg) for arg in args], number(MODE, 1), number(UNDER_RUN, 1), number(TIME, time))


def thread(number_, name=None, creator=0, created=()):
    fields = [number(THREAD_TAG, number_), number(TID, 1000 + number_), number(CREATOR, creator)]
    if name is not None:
        fields.append(text(NAME, name))
    if created:
        fields.append(stack(created, thread=creator))
    return record(THREAD, *fields)


def finding(number_, kind, confidence, message, *parts, threads=(), replaces=0, because=None):
    said = [text(BECAUSE, because)] if because else []
    return record(FINDING, number(NUMBER, number_), text(KIND, kind), text(CONFIDENCE, confidence),
                  text(MESSAGE, message), *said, number(REPLACES, replaces), numbers(THREADS, list(threads)), *parts)


def stats(**values):
    fields = []
    for name, value in values.items():
        fields += [text(NAME, name), number(COUNT_TAG, value)]
    return record(STAT, *fields)


def limit(code, words, count=1):
    return record(LIMIT, text(CODE, code), text(TEXT, words), number(COUNT_TAG, count))


def count(number_, value):
    return record(COUNT, number(NUMBER, number_), number(COUNT_TAG, value))


def withdrawn(number_):
    return record(WITHDRAWN, number(NUMBER, number_))


def ended(status=0, reason="exit"):
    return record(ENDED, text(REASON, reason), number(STATUS, status))
