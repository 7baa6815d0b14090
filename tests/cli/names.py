#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the memory of races is called, in a real run: globals, statics, locals, thread-local storage, the heap; with debug
information of gcc and clang, unoptimised and optimised, and without.

    names.py BUILD_DIR"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
WITH = {("global variable", "stats.pairs[2].b", None), ("static variable", "calls", None), ("heap block", "job.state", "main thread"),
        ("local variable", "mine.b", "thread 2"), ("local variable", "number", "main thread"),
        ("thread-local variable", "errors", "thread 2")}
WITHOUT = {("global variable", "stats+28", None), ("global variable", "calls", None), ("heap block", None, "main thread"),
           ("local variable", None, "thread 2"), ("local variable", None, "main thread"),
           ("thread-local variable", "errors", "thread 2")}


def owner(where):
    return next((thread for thread in ("main thread", "thread 2") if thread in where), None)


def found(detect, *compiler):
    subprocess.run([*compiler, "-pthread", "names.c", "-o", "names"], check=True)
    subprocess.run([detect, "run", "--format=json", "--output=out", "--fail-on=never", "./names"], check=True)
    with open("out", encoding="utf-8") as file:
        report = json.load(file)
    if any(limit["code"] in ("no-races", "no-translation") for limit in report["limits"]):
        return None
    objects = [one for finding in report["findings"] for one in finding["objects"][:1] + finding["further_objects"]]
    return {(one["what"], one["name"], owner(one["where"]) if one["what"] not in ("global variable", "static variable") else None)
            for one in objects}


def main():
    detect = os.path.abspath(os.path.join(sys.argv[1], "cli", "detect"))
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        shutil.copy(os.path.join(HERE, "samples", "names.c"), folder)
        builds = [([compiler, "-g", level], WITH) for compiler in ("gcc", "clang") for level in ("-O0", "-O2")
                  if shutil.which(compiler)]
        for command, wanted in builds + [(["gcc", "-O2"], WITHOUT)]:
            names = found(detect, *command)
            if names is not None and names != wanted:
                print(" ".join(command), "missing:", wanted - names, "not wanted:", names - wanted)
                failed = True
        os.chdir("/")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
