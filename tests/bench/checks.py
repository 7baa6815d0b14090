# SPDX-License-Identifier: MIT
"""What looking for races costs: numeric kernels, natively, translated only, with inline tests whose slow path only stores
the tag, with all of it, and with TSan."""

import os
import subprocess

import measure
from load import watched

# Rounds for a tenth of a second and more natively; the share that is run where each access is looked at.
KERNELS = {"fft": 400, "lu": 60, "nbody": 15, "grid": 60, "radix": 250, "list": 60}
SHARE = 0.05
FULL = ["--mode=full", "--translate=first-thread"]


def build(bench, name, compiler, flags):
    path = os.path.join(bench.directory, f"kernels-{name}")
    subprocess.run([compiler, "-O2", "-g", *flags, "-pthread", os.path.join(measure.HERE, "kernels.c"), "-o", path, "-lm"],
                   check=True)
    return path


def cpu(line, rounds, share=1.0):
    """CPU time for all rounds, from a run of a share of them."""
    count = max(1, round(rounds * share))

    def run():
        result = watched.run([*line, str(count)])
        if result.status not in (0, 1, 66):
            raise RuntimeError(f"status {result.status}: {result.stderr.decode(errors='replace')[-300:]}")
        return result.cpu * rounds / count

    return run


def ways_of(bench, native, kernel, rounds):
    def detect(*options):
        return watched.command([native, kernel], options=[*FULL, *options])

    ways = [cpu([native, kernel], rounds), cpu(detect("--translation-stress=bare"), rounds),
            cpu(detect("--translation-stress=tags"), rounds), cpu(detect(), rounds, SHARE)]
    for tool in bench.peers:
        if "-fsanitize=thread" in tool.cflags:
            ways.append(cpu([*tool.prefix, build(bench, "tsan-" + tool.compiler, tool.compiler, tool.cflags), kernel], rounds,
                            0.2))
    return ways


def measure_section(bench):
    native = build(bench, "native", "gcc", [])
    peers = [tool.name for tool in bench.peers if "-fsanitize=thread" in tool.cflags]
    rows = []
    for kernel, rounds in KERNELS.items():
        rounds = max(4, rounds // 4) if bench.quick else rounds
        base, *others = measure.alternate(ways_of(bench, native, kernel, rounds), min(3, bench.rounds))
        rows.append([kernel, f"{min(base):.2f} s", *[str(measure.Ratio(other, base)) for other in others]])
    head = ["kernel", "native CPU", "translated only", "inline tests", "mode full", *peers]
    return (measure.table("Race checks: numeric kernels, two threads", head, rows) +
            "\nEach kernel's threads meet at barriers; after each, every access is the first of its epoch. Inline tests: what is "
            "not known is only noted, and known from then on.\n")
