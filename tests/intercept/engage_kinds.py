#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Interceptors engage: a program lists its cases, each with the one kind of finding that it must give, or "nothing"
(engage_order.c, engage_system.c). The program itself must end with status 0.

Usage: engage_kinds.py BUILD PROGRAM [CASE…]"""
import json
import os
import subprocess
import sys
import tempfile

TIMEOUT = 60


def check(build, program, case, kind):
    with tempfile.TemporaryDirectory() as directory:
        output = os.path.join(directory, "report.json")
        done = subprocess.run([os.path.join(build, "cli", "detect"), "run", "--mode=locks", "--format=json",
                               "--quiet", f"--output={output}", "--", program, case], cwd=directory,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True, timeout=TIMEOUT, check=False)
        with open(output, encoding="utf-8") as file:
            report = json.load(file)
    if report["status"] != 0:
        return f"{case}: ended with {report['status']}: {done.stderr.strip()}"
    kinds = [f["kind"] for f in report["findings"] if f["confidence"] in ("certain", "predicted")]
    if kinds != ([] if kind == "nothing" else [kind]):
        return f"{case}: expected {kind}, found {kinds or 'nothing'}"
    return None


def main():
    build, program = map(os.path.abspath, sys.argv[1:3])
    names = sys.argv[3:]
    table = subprocess.run([program], check=True, text=True, stdout=subprocess.PIPE).stdout
    cases = [line.split() for line in table.splitlines()]
    cases = [case for case in cases if not names or case[0] in names]
    wrong = [problem for case in cases if (problem := check(build, program, *case))]
    print("\n".join(wrong))
    print(f"{len(cases)} cases, {len(wrong)} wrong")
    return 1 if wrong or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
