# SPDX-License-Identifier: MIT
"""Whether time per operation and memory stay flat as a program goes on: the programs of tests/stress,
with their progress printed (stress.h)."""

import statistics

import measure
from load import watched

# name, program, arguments, arguments for --quick
SERIES = [
    ("1,000 threads alive at once", "threads_alive", ["1000"], ["200"]),
    ("100,000 threads, joined", "threads_sequential", ["100000", "joined"], ["5000", "joined"]),
    ("100,000 threads, detached", "threads_sequential", ["100000", "detached"], ["5000", "detached"]),
    ("1,000,000 locks", "many_locks", ["1000000", "64"], ["100000", "64"]),
    ("10,000 held-lock pairs", "held_pairs", ["10000"], ["2000"]),
    ("ever new combinations of 8 held of 200", "held_subsets", ["100000"], ["5000"]),
    ("1,000 locks held by one thread", "deep_holder", ["1000"], ["1000"]),
    ("locks allocated and freed", "lock_churn", ["3000000"], ["200000"]),
]


def points(bench, tool, program, args):
    """[(done, cpu_ns, rss_kib)] as the program printed them."""
    argv = [*tool.prefix, bench.binary(tool, f"stress/{program}.c"), *args]
    result = watched.run(argv, timeout=300, env={"STRESS_POINTS": "1"})
    found = [tuple(int(word) for word in line.split()[1:])
             for line in result.stderr.decode().splitlines() if line.startswith("point ")]
    if result.status != 0 or len(found) < 4:
        raise RuntimeError(f"{' '.join(argv)}: status {result.status}\n{result.stderr.decode()[-800:]}")
    return found


def per_operation(series):
    return [(cpu - cpu0) / (done - done0)
            for (done0, cpu0, _), (done, cpu, _) in zip(series, series[1:]) if done > done0]


def flat(values, allowance=1.6):
    """Whether the last third costs about what the first third did."""
    third = max(1, len(values) // 3)
    return statistics.median(values[-third:]) <= allowance * statistics.median(values[:third])


def measure_one(bench, name, program, args):
    native = points(bench, measure.NATIVE, program, args)
    detect = points(bench, measure.DETECT, program, args)
    cost, native_cost = per_operation(detect), per_operation(native)
    third = max(1, len(cost) // 3)
    ends = [statistics.median(part) for part in (cost[:third], cost[-third:])]
    growth = detect[-1][2] - detect[len(detect) // 2][2] - (native[-1][2] - native[len(native) // 2][2])
    return [name, f"{measure.figure(statistics.median(native_cost))} ns",
            f"{measure.figure(ends[0])} ns", f"{measure.figure(ends[1])} ns",
            "flat" if flat(cost) else "**grows**",
            f"{native[-1][2] / 1024:.0f} MiB", f"{detect[-1][2] / 1024:.0f} MiB", f"{growth / 1024:+.1f} MiB"]


def measure_section(bench):
    rows = []
    for name, program, args, quick in SERIES:
        try:
            rows.append(measure_one(bench, name, program, quick if bench.quick else args))
        except RuntimeError as error:
            rows.append([name, f"failed: {str(error).splitlines()[0]}"])
    head = ["series", "native per step", "detect, first third", "detect, last third", "time",
            "native memory", "detect memory", "more in the second half"]
    return measure.table("Growth", head, rows)
