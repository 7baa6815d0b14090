# SPDX-License-Identifier: MIT
"""Made-up races in tests/cli/samples/races.c, for golden.py."""
import report_file as r

FILE = "races.c"
CFA = 0x7ffe00001000
PLAIN = r.SOURCE_KNOWN | r.MOV
BLOCK = 0x7f0000001000


class Places:
    """Stacks in the sample, by the comment of the line."""

    def __init__(self, b):
        self.b = b
        self.create = [self.at("create")]

    def at(self, mark):
        return self.b.line(FILE, f"/* {mark} */")

    def stack(self, *marks):
        return [self.at(mark) for mark in marks]

    def symbol(self, name, offset=0):
        return self.b.symbol(name, offset)

    def thread_local(self, name, offset=0):
        return self.b.index << 48 | self.b.symbols[name] + offset


def start(b, *threads):
    p = Places(b)
    return [r.hello(program=b.path, args=["races"]), b.module(), r.thread(1),
            *[r.thread(n, name, 1, p.create) for n, name in threads or ((2, "worker"), (3, None))]]


def end(findings):
    return [r.stats(threads_seen=3, locks_seen=2, lock_orders=0), r.ended(findings)]


def race(number, p, first, second, memory, *parts, kind="race", confidence="certain", **more):
    """first, second: (thread, marks, flags, address, size), the later access first."""
    stacks = [r.access(thread, p.stack(*marks), flags, address, size)
              for thread, marks, flags, address, size in (first, second)]
    return r.finding(number, kind, confidence, "", *stacks, memory, *parts, threads=sorted({first[0], second[0]}), **more)


def globals_(b):
    """Variables of every sort, with locks and without."""
    p = Places(b)
    at = 0x555500004000
    lock = lambda name, size: r.obj("mutex" if name == "m" else "rwlock", at + 0x800 + size, size, p.symbol(name))
    side = lambda thread, mark, flags, size=4: (thread, mark.split(), flags | PLAIN, at, size)
    return start(b) + [
        race(1, p, side(1, "reset", r.WRITE, 8), side(2, "hit", r.READ | r.WRITE, 8), r.memory(at, 8, p.symbol("stats")),
             lock("m", 40), r.held(2, 1, p.stack("lock m"))),
        race(2, p, side(3, "miss", r.READ | r.WRITE, 8), side(2, "miss", r.READ | r.WRITE, 8),
             r.memory(at + 8, 8, p.symbol("stats", 8)), lock("map", 56), r.held(2, 1, p.stack("read map"), True),
             r.held(3, 1, p.stack("read map"), True)),
        race(3, p, side(2, "next", r.WRITE, 8), side(3, "next", r.WRITE, 8), r.memory(at, 8, p.symbol("table", 7 * 16))),
        r.further(3, r.memory(at, 8, p.symbol("table", 16)), r.memory(at, 8, p.symbol("table", 48))), r.count(3, 12),
        race(4, p, side(1, "high", r.WRITE, 2), side(3, "high", r.READ, 2), r.memory(at, 2, p.symbol("stats", 18))),
        race(5, p, side(1, "dirty", r.READ | r.WRITE, 1), side(2, "ready", r.READ | r.WRITE, 1),
             r.memory(at, 1, p.symbol("table", 4 * 16 + 12))),
        race(6, p, side(1, "alone", r.READ | r.WRITE, 1), side(2, "alone", r.READ | r.WRITE, 1),
             r.memory(at, 1, p.symbol("table", 4 * 16 + 14))),
        race(7, p, side(3, "calls once", r.READ | r.WRITE), side(1, "calls once", r.READ | r.WRITE),
             r.memory(at, 4, p.symbol("calls.0"))),
        race(8, p, side(1, "stop", r.WRITE | r.VOLATILE), side(2, "spin", r.READ | r.VOLATILE),
             r.memory(at, 4, p.symbol("stop"))),
        race(9, p, side(1, "set", r.WRITE), side(2, "check", r.READ), r.memory(at, 4, p.symbol("started"))),
    ] + end(9)


def others(b):
    """The heap, the stack, thread-local storage, mapped memory; kinds of accesses; confidence."""
    p = Places(b)
    heap = lambda offset, size, block=48: r.memory(BLOCK + offset, size, block=(BLOCK, block, 1, p.stack("allocate", "make")))
    number = b.frame_offsets("i")[0] + CFA
    frame = (p.at("join"), CFA, 0)
    return start(b) + [
        race(1, p, (1, ["state", "finish"], r.WRITE | PLAIN, BLOCK + 32, 4),
             (2, ["state", "finish"], r.WRITE | PLAIN, BLOCK + 32, 4), heap(32, 4)),
        race(2, p, (1, ["free", "drop", "finish"], r.WRITE | r.FREE | r.LIBC, BLOCK, 48),
             (2, ["count", "drop", "finish"], r.READ | r.WRITE, BLOCK + 36, 4), heap(36, 4), kind="free-race"),
        race(3, p, (2, ["count", "drop"], r.READ, BLOCK + 36, 4), (1, ["free", "drop"], r.WRITE | r.FREE, BLOCK, 48),
             heap(36, 4), kind="free-race"),
        race(4, p, (2, ["clear"], r.WRITE | r.LIBC, BLOCK, 48), (3, ["state"], r.WRITE, BLOCK + 32, 4), heap(32, 4)),
        race(5, p, (2, ["number"], r.READ | PLAIN, number, 4), (1, ["join"], r.READ | r.WRITE, number, 4),
             r.memory(number, 4, on_stack_of=1, frame=frame)),
        race(6, p, (2, ["number"], r.READ | PLAIN, CFA - 200, 4), (1, ["join"], r.WRITE, CFA - 200, 4),
             r.memory(CFA - 200, 4, on_stack_of=1, frame=frame)),
        race(7, p, (2, ["mine"], r.WRITE, 0x7f0000002000, 4), (3, ["mine"], r.READ, 0x7f0000002000, 4),
             r.memory(0x7f0000002000, 4, tls=(2, p.thread_local("mine", 8)))),
        race(8, p, (2, ["mine"], r.READ, 0x7f0000002000, 4), (3, ["mine"], r.ATOMIC | r.RMW | r.READ | r.WRITE, 0x7f0000002000, 4),
             r.memory(0x7f0000002000, 4)),
        race(9, p, (2, ["mine"], r.WRITE, 0x7f0000002000, 1), (3, ["mine"], r.UNMAP, 0x7f0000002000, 4096),
             r.memory(0x7f0000002000, 1), kind="free-race"),
        race(10, p, (2, ["set"], r.WRITE | r.MOV, 0x4000, 4), (3, ["check"], r.READ | r.MOV, 0x4000, 4),
             r.memory(0x4000, 4, p.symbol("started")), confidence="possible",
             because="both accesses are plain moves, and the program has no debug information"),
        r.finding(11, "libc-race", "certain", "%T0 and %T1 both use the static buffer of strtok, and nothing orders the two",
                  r.access(2, p.stack("mine"), r.WRITE | r.LIBC | r.STATIC, 0x5000, 8),
                  r.access(3, p.stack("mine"), r.WRITE | r.LIBC | r.STATIC, 0x5000, 8), r.memory(0x5000, 8), threads=[2, 3]),
    ] + end(11)


def cases(b, stripped):
    """{name: ([files of records], [options])}"""
    bare = lambda records: [stripped if part == b.module() else part for part in records]
    return {
        "races-global": ([globals_(b)], ["--gen-suppressions"]),
        "races-other": ([others(b)], []),
        "races.json": ([others(b)], ["--format=json"]),
        "races-stripped": ([bare(globals_(b)[:8]) + end(1)], []),
    }
