#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A program prints what each function returns in each state: natively and with the library preloaded it
must print the same, and end the same way.  Usage: equal.py LIBRARY PROGRAM"""
import difflib
import os
import subprocess
import sys
import tempfile

TIMEOUT = 120


def run(program, environment):
    done = subprocess.run([program], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=TIMEOUT, text=True, check=False)
    return done.stdout.splitlines() + [f"status {done.returncode}"]


def main():
    library, program = map(os.path.abspath, sys.argv[1:])
    native = run(program, dict(os.environ))
    with tempfile.TemporaryDirectory() as folder:
        watched = run(program, dict(os.environ, LD_PRELOAD=library,
                                    DETECT_OPTIONS=f"quiet output={folder}/%p.report"))
        engaged = os.listdir(folder)
    different = list(difflib.unified_diff(native, watched, "native", "watched", lineterm="", n=0))
    print("\n".join(different[:60]))
    print(f"{len(native)} lines compared, {len(different)} differ")
    if not engaged:
        print("no report was written: the library was not there")
    return 1 if different or not engaged or len(native) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
