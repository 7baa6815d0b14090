# SPDX-License-Identifier: MIT
"""What one operation costs: tests/bench/locks.c natively, under detect and under its peers."""

import os

import measure
from load import watched

# name, workload of locks.c, threads, iterations per thread natively, locks, on one CPU
OPERATIONS = [
    ("lock/unlock, 1 thread and main", "pair", 1, 4_000_000, 0, False),
    ("lock/unlock, 2 threads", "pair", 2, 2_000_000, 0, False),
    ("lock/unlock, 8 threads", "pair", 8, 500_000, 0, False),
    ("lock/unlock, 64 threads", "pair", 64, 60_000, 0, False),
    ("trylock/unlock", "trylock", 2, 2_000_000, 0, False),
    ("nested lock/unlock, each of two", "nested", 2, 1_000_000, 0, False),
    ("rwlock read", "read", 2, 2_000_000, 0, False),
    ("rwlock write", "write", 2, 2_000_000, 0, False),
    ("rwlock read, shared by 2", "read-shared", 2, 500_000, 0, False),
    ("spin lock", "spin", 2, 2_000_000, 0, False),
    ("semaphore wait/post", "sem", 2, 2_000_000, 0, False),
    ("contended lock, 2 threads", "contended", 2, 500_000, 0, False),
    ("contended lock, 8 threads", "contended", 8, 100_000, 0, False),
    ("condition ping-pong", "cond-ping-pong", 2, 20_000, 0, True),
    ("semaphore ping-pong", "sem-ping-pong", 2, 20_000, 0, True),
    ("lock/unlock over 1,000,000 locks", "round-robin", 2, 1_000_000, 1_000_000, False),
]

# The contract of the uncontended pair: at most four times native or 40 ns more, whichever is more.
PAIR_RATIO, PAIR_NS = 4.0, 40.0


def one_run(bench, tool, operation):
    """CPU nanoseconds per operation in one run of the driver."""
    _, workload, threads, iterations, locks, pinned = operation
    share = tool.share
    if pinned:
        share = max(share, 0.05)  # an operation is a context switch: already slow natively
    locks = int(locks * share)
    count = max(200, int(iterations * share))
    argv = [*tool.prefix, bench.binary(tool, "bench/locks.c"), workload, str(threads), str(count), str(locks)]
    result = watched.run(argv, timeout=300, cpus={min(os.sched_getaffinity(0))} if pinned else None)
    if result.status != 0:
        raise RuntimeError(f"{' '.join(argv)}: status {result.status}\n{result.stderr.decode()[-800:]}")
    return float(result.stdout.split()[-1])


def measure_operation(bench, operation):
    """A table row: native, detect with its ratio, each peer's ratio."""
    def run(tool):
        return lambda: one_run(bench, tool, operation)

    native, detect = measure.alternate([run(measure.NATIVE), run(measure.DETECT)], bench.rounds)
    ratio = measure.Ratio(detect, native)
    row = [operation[0], f"{measure.figure(ratio.native)} ns", f"{measure.figure(ratio.median)} ns",
           f"+{measure.figure(max(0.0, ratio.median - ratio.native))} ns", str(ratio)]
    row += [peer_cell(run(tool), bench.peer_rounds, native, ratio) for tool in bench.peers]
    kept = ratio.ratio <= PAIR_RATIO or ratio.median - ratio.native <= PAIR_NS
    return row + ["yes" if kept else "no"]


def peer_cell(run, rounds, native, detect):
    """A peer that fails on the driver costs its cell, not the whole bench."""
    try:
        peer = measure.Ratio([run() for _ in range(rounds)], native)
    except RuntimeError as error:
        return "failed: " + str(error).splitlines()[0].rpartition(": ")[2]
    return f"{measure.figure(peer.ratio)}x ({measure.figure(peer.median / detect.median)}x detect)"


def measure_all(bench):
    operations = OPERATIONS
    if bench.quick:
        operations = [op for op in OPERATIONS if op[0] in QUICK]
    return [measure_operation(bench, operation) for operation in operations]


QUICK = {"lock/unlock, 2 threads", "nested lock/unlock, each of two", "rwlock read", "semaphore wait/post",
         "contended lock, 2 threads", "condition ping-pong"}
NOTE = ("\nCPU time per operation, all threads together: median of {rounds} alternating runs, and the least and "
        "greatest ratio of a pair of runs. In the peers' columns: ratio to native, and to detect. The last column "
        "says whether detect stays within 4x native or native + 40 ns. The peers go round fewer locks in the last row.\n")


def measure_section(bench):
    head = ["operation", "native", "detect", "more", "detect/native",
            *(f"{tool.name}/native" for tool in bench.peers), "within"]
    return measure.table("Operations", head, measure_all(bench)) + NOTE.format(rounds=bench.rounds)
