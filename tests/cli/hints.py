#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hints of races: each appears where the facts show its mistake, and not where one of them is missing. On made-up reports of
tests/cli/samples/hints.c.

    hints.py BUILD_DIR"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import report_file as r

HERE = os.path.dirname(os.path.abspath(__file__))
FILE = "hints.c"
AT, CFA, BLOCK = 0x555500004000, 0x7ffe00001000, 0x7f0000001000
W, R, A = r.WRITE, r.READ, r.ATOMIC


class Sample:
    address = AT

    def __init__(self, file=FILE, creator="create"):
        self.file = file
        self.creator = creator
        name = file.replace(".", "-")
        subprocess.run(["g++" if file.endswith(".cc") else "gcc", "-g", "-O0", "-Wl,--build-id", "-pthread", file, "-o", name], check=True)
        self.b = r.Binary(name)
        self.b.path = os.path.abspath(name)

    def at(self, mark):
        return self.b.line(self.file, f"/* {mark} */")

    def race(self, first, second, memory, held=(), creator=None, kind="race", confidence="certain", number=1):
        """first, second: (thread, mark, flags). held: (thread, lock, shared, mark). The two threads are created by main."""
        create = [self.at(creator or self.creator)]
        names = sorted({lock for _, lock, *_ in held})
        return [r.hello(program=self.b.path, args=["hints"]), self.b.module(), r.thread(1), r.thread(2, None, 1, create),
                r.thread(3, None, 1, create),
                r.finding(number, kind, confidence, "",
                          *[r.access(thread, [self.at(mark)], flags, self.address, 4) for thread, mark, flags in (first, second)],
                          memory, *[r.obj("mutex" if len(name) == 1 else "rwlock", AT, 40, self.b.symbol(name)) for name in names],
                          *[r.held(thread, 1 + names.index(lock), [self.at("lock")], shared) for thread, lock, shared in held],
                          threads=[first[0], second[0]]), r.ended(0)]

    def variable(self, name, size=4, offset=0):
        return r.memory(AT, size, self.b.symbol(name, offset))

    def local(self, name):
        address = CFA + self.b.frame_offsets(name)[0]
        return r.memory(address, 4, on_stack_of=1, frame=(self.at("mine"), CFA, 0))

    def thread_local(self, name):
        return r.memory(AT, 4, tls=(2, self.b.index << 48 | self.b.symbols[name]))

    def block(self, offset, thread, mark, size=24):
        return r.memory(BLOCK + offset, 4, block=(BLOCK, size, thread, [self.at(mark)]))


def pairs(s):
    """[(text of the hint, records with it, records without it)]"""
    v = s.variable
    ready, total = v("ready"), v("total")
    m = lambda thread, shared=False: (thread, "m", shared)
    return [
        ("double-checked locking",
         s.race((2, "test", R), (3, "set up", W), ready, [m(3)]), s.race((2, "no test", R), (3, "set up", W), ready, [m(3)])),
        ("double-checked locking",
         s.race((2, "test", R), (3, "set up", W), ready, [m(3)]), s.race((2, "test", R), (3, "elsewhere", W), ready, [m(3)])),
        ("double-checked locking",
         s.race((2, "test", R), (3, "set up", W), ready, [m(3)]), s.race((2, "test", R), (3, "set up", W), ready)),
        ("are not one step",
         s.race((2, "test", R), (3, "set up", W), ready), s.race((2, "no test", R), (3, "set up", W), ready)),
        ("are not one step",
         s.race((3, "set up", W), (2, "test", R), ready), s.race((2, "another variable", R), (3, "not tested", W), ready)),
        ("double-checked locking",
         s.race((2, "copy", R), (3, "set copied", W), v("copied"), [m(3)]),
         s.race((2, "copy elsewhere", R), (3, "set copied", W), v("copied"), [m(3)])),
        ("volatile orders nothing",
         s.race((1, "stop", W), (2, "stop", R), v("stop")), s.race((1, "stop", W), (2, "stop", R), ready)),
        ("the loop at", s.race((1, "elsewhere", W), (2, "spin", R), ready), s.race((1, "elsewhere", W), (2, "no spin", R), ready)),
        ("one side holds mutex \"m\": hold it at hints.c:",
         s.race((2, "add", R | W), (3, "assign", W), total, [m(2)]), s.race((2, "add", R | W), (3, "assign", W), total)),
        ("the two sides hold different locks",
         s.race((2, "add", W), (3, "assign", W), total, [m(2), (3, "n", False)]),
         s.race((2, "add", W), (3, "assign", W), total, [m(2)])),
        ("a read lock of rwlock \"map\" lets other readers in",
         s.race((2, "add", W), (3, "add", W), total, [(2, "map", True), (3, "map", True)]),
         s.race((2, "add", W), (3, "add", W), total, [(2, "map", True)])),
        ("the reference count",
         s.race((2, "drop", R | W), (3, "drop", R | W), s.block(12, 2, "allocate")),
         s.race((2, "no drop", R | W), (3, "no drop", R | W), v("plain"))),
        ("the reference count",
         s.race((2, "free", W | r.FREE), (3, "drop", R | W), s.block(12, 2, "allocate"), kind="free-race"),
         s.race((2, "free", W | r.FREE), (3, "later", W), s.block(12, 2, "allocate"), kind="free-race")),
        ("the reference count",
         s.race((2, "drop in two", R | W), (3, "drop in two", R | W), v("job", 4, 12)),
         s.race((2, "drop without end", R | W), (3, "drop without end", R | W), v("job", 4, 12))),
        ("one change is lost", s.race((2, "add", R | W), (3, "leave", R | W), total), s.race((2, "add", R | W), (3, "assign", W), total)),
        ("one change is lost",
         s.race((2, "add", R | W), (3, "first of two", R | W), total), s.race((2, "add", R | W), (3, "not the first", R | W), total)),
        ("goes on changing: pass the value",
         s.race((2, "drop", R), (1, "loop", R | W), s.local("i")), s.race((2, "drop", R), (1, "loop", R), s.local("i"))),
        ("goes on changing: pass the value",
         s.race((2, "drop", R), (1, "loop", R | W), s.local("i")),
         s.race((2, "drop", R), (1, "loop", R | W), s.local("i"), creator="create by value")),
        ("lies on the stack of main thread",
         s.race((2, "drop", R), (1, "loop", R | W), s.local("i"), creator="create by value"),
         s.race((2, "drop", R), (3, "loop", R | W), s.local("i"))),
        ("frees what thread 2 still uses",
         s.race((1, "free", W | r.FREE), (2, "later", W), s.block(8, 1, "allocate"), kind="free-race"),
         s.race((3, "free", W | r.FREE), (2, "later", W), s.block(8, 1, "allocate"), kind="free-race")),
        ("the bit-fields low, high share one memory location",
         s.race((2, "low", R | W), (3, "high", R | W), v("job", 1, 16)), s.race((2, "other", R | W), (3, "other", R | W), v("job", 1, 20))),
        ("would tell whether these are atomic",
         s.race((2, "assign", W | r.MOV), (3, "no spin", R | r.MOV), total, confidence="possible"),
         s.race((2, "assign", W | r.MOV), (3, "no spin", R | r.MOV), total)),
        ("the address of a thread-local variable",
         s.race((2, "mine", R | W), (3, "mine", R), s.thread_local("mine")), s.race((2, "mine", R | W), (3, "mine", R), ready)),
        ("only one side is atomic",
         s.race((2, "add", R | W | A | r.RMW), (3, "assign", W), total), s.race((2, "add", R | W), (3, "assign", W), total)),
        ("still fills it in",
         s.race((2, "fill in", W), (3, "no spin", R), s.block(8, 2, "allocate")),
         s.race((2, "later", W), (3, "no spin", R), s.block(8, 2, "allocate"))),
        ("still fills it in",
         s.race((3, "no spin", R), (2, "fill in", W), s.block(8, 2, "allocate")),
         s.race((2, "fill in", W), (3, "no spin", R), s.block(8, 3, "allocate"))),
        ("use strtok_r()",
         s.race((2, "strtok", W | r.STATIC), (3, "time", W | r.STATIC), r.memory(AT, 8), kind="libc-race"),
         s.race((2, "time", W | r.STATIC), (3, "time", W | r.STATIC), r.memory(AT, 8), kind="libc-race")),
    ]


def cplusplus(s):
    return [("is in the destructor base::~base",
             s.race((2, "in the destructor", W), (3, "call", R), s.block(8, 1, "call")),
             s.race((2, "in another function", W), (3, "call", R), s.block(8, 1, "call")))]


def counted(s):
    """[(what is said of a lock that one place lacks, records)]: three races on one variable at four places."""
    def races(*held):
        made = [s.race((2, mark, W), (3, "elsewhere", R), s.variable("total"), [(2, "m", False)] if mark in held else [],
                       number=number)
                for number, mark in enumerate(("add", "assign", "leave"), 1)]
        return made[0][:-1] + [records[-2] for records in made[1:]] + made[0][-1:]

    return [('of the 4 places in this report that use "total", 3 hold mutex "m"', races("add", "assign", "leave")),
            ('', races("add"))]


def names(s, plus):
    """[(what the memory in a heap block is called, records)]: as a line says, if just one structure fits."""
    s.address, plus.address = BLOCK + 8, BLOCK + 8

    def at(sample, marks, offset, size):
        block = sample.block(offset, 1, "allocate" if sample is s else "call", size)
        return sample.race((2, marks[0], W), (3, marks[1], W), block)

    return [("job.state", at(s, ("later", "later"), 8, 24)), ("job.state", at(s, ("later", "add"), 8, 48)),
            (None, at(s, ("add", "add"), 8, 24)), (None, at(s, ("later", "later"), 8, 20)),
            ("base.ended", at(plus, ("in the destructor", "in another function"), 8, 16)),
            (None, at(plus, ("call", "call"), 8, 16))]


def printed(detect, records, form):
    with open("made.report", "wb") as file:
        file.write(b"".join(records))
    return subprocess.run([detect, "report", f"--format={form}", "made.report"], stdout=subprocess.PIPE, check=False, text=True).stdout


def shown(detect, records):
    return json.loads(printed(detect, records, "json"))["findings"][0]


def main():
    detect = os.path.abspath(os.path.join(sys.argv[1], "cli", "detect"))
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for file in (FILE, "hints.cc"):
            shutil.copy(os.path.join(HERE, "samples", file), folder)
        sample, plus = Sample(), Sample("hints.cc", "call")
        for text, with_it, without in pairs(sample) + cplusplus(plus):
            for records, wanted in ((with_it, True), (without, False)):
                given = shown(detect, records)["hints"]
                if any(text in hint for hint in given) != wanted or not given:
                    print(f"'{text}' should {'' if wanted else 'not '}be among: {given}")
                    failed += 1
        for wanted, records in names(sample, plus):
            given = shown(detect, records)["objects"][0]["name"]
            if given != wanted:
                print(f"the name is {given}, not {wanted}")
                failed += 1
        for wanted, records in counted(sample):
            given = [reason for reason in shown(detect, records)["reasons"] if reason.startswith("of the")]
            if given != [wanted] * bool(wanted):
                print(f"said of the places: {given}, not {wanted}")
                failed += 1
        text = printed(detect, sample.race((2, "far", W), (3, "no spin", R), sample.variable("total")), "text")
        if "total = LAST_OF_MANY;" not in text or max(map(len, text.splitlines())) > 80:
            print(f"the statement is not in the part of its line that is shown: {text}")
            failed += 1
        os.chdir("/")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
