# SPDX-License-Identifier: MIT
"""What detect adds to the start and end of a program that does nothing."""

import os
import shutil
import time

import measure
from load import watched

LIMIT_MS = 20


def wall_ms(argv, env=None):
    def run():
        begin = time.monotonic()
        watched.run(argv, env=env)
        return (time.monotonic() - begin) * 1000
    return run


def measure_section(bench):
    program = shutil.which("true")
    library = os.path.join(watched.BUILD, "libdetect", "libdetect.so")
    preloaded = {"LD_PRELOAD": library, "DETECT_OPTIONS": "mode=locks quiet"}
    native, run, preload = measure.alternate(
        [wall_ms([program]), wall_ms(watched.command([program])), wall_ms([program], preloaded)],
        5 if bench.quick else 25)
    rows = []
    for name, values in (("detect run", run), ("preloaded by hand", preload)):
        ratio = measure.Ratio(values, native)
        more = ratio.median - ratio.native
        rows.append([name, f"{ratio.native:.1f} ms", f"{ratio.median:.1f} ms", f"+{more:.1f} ms",
                     "yes" if more < LIMIT_MS else "no"])
    return measure.table("Start-up", ["/bin/true", "native", "detect", "more", f"under {LIMIT_MS} ms"], rows)
