# SPDX-License-Identifier: MIT
"""Memory of the detector for many live locks: the difference in resident memory, per lock."""

import measure
from load import watched

LAYOUTS = [("packed in one array (40 bytes apart)", "40"), ("one in every 128 bytes", "128"),
           ("each in its own malloc block of 64 bytes", "malloc")]


def resident_kib(bench, tool, count, layout):
    argv = [*tool.prefix, bench.binary(tool, "stress/many_locks.c"), str(count), layout]
    result = watched.run(argv, timeout=120, env={"STRESS_POINTS": "1"})
    points = [line.split() for line in result.stderr.decode().splitlines() if line.startswith("point ")]
    if result.status != 0 or not points:
        raise RuntimeError(f"{' '.join(argv)}: status {result.status}\n{result.stderr.decode()[-800:]}")
    return int(points[-1][3])


def measure_section(bench):
    count = 100_000 if bench.quick else 1_000_000
    rows = []
    for name, layout in LAYOUTS:
        native = resident_kib(bench, measure.NATIVE, count, layout)
        detect = resident_kib(bench, measure.DETECT, count, layout)
        rows.append([name, f"{native / 1024:.0f} MiB", f"{detect / 1024:.0f} MiB",
                     f"{(detect - native) * 1024 / count:.0f} bytes"])
    return measure.table(f"Memory for {count:,} live locks",
                         ["layout", "native", "detect", "more per lock"], rows)
