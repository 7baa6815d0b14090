#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every interceptor of threads and synchronisation engages: the one mistake that engage.c makes through each
function must be the only finding, with the place of that call in one of its stacks.

Usage: engage.py BUILD PROGRAM [NAME…]"""
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

TIMEOUT = 60
# Their mistakes concern what another call leaves: the finding names that one, or the thread.
SEEN_AS = {"pthread_setname_np": "named by a call"}


def findings(build, program, name):
    with tempfile.NamedTemporaryFile(suffix=".json") as output:
        subprocess.run([os.path.join(build, "cli", "detect"), "run", "--mode=locks", "--format=json",
                        "--quiet", f"--output={output.name}", "--", program, name],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                       timeout=TIMEOUT, check=False)
        return json.load(output)["findings"]


def check(build, program, name, kind):
    found = findings(build, program, name)
    counted = [f for f in found if f["confidence"] in ("certain", "predicted")]
    kinds = [f["kind"] for f in counted]
    if kinds != [kind]:
        return f"{name}: expected {kind}, found {kinds or 'nothing'}"
    if SEEN_AS.get(name, f'"by_{name}"') not in json.dumps(counted):
        return f"{name}: {kind} does not name the call"
    return None


def main():
    build, program, *names = sys.argv[1:]
    table = subprocess.run([program], check=True, text=True, stdout=subprocess.PIPE).stdout
    cases = [line.split() for line in table.splitlines()]
    cases = [case for case in cases if not names or case[0] in names]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = [w for w in pool.map(lambda case: check(build, program, *case), cases) if w]
    print("\n".join(wrong))
    print(f"{len(cases)} functions, {len(wrong)} wrong")
    return 1 if wrong or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
