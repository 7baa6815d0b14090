#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""gdb on a translated program, and the dump of translated blocks.

    debugger.py BUILD_DIR PROGRAM    PROGRAM is debugged.c

gdb shows the program's functions, arguments and locals in translated frames; a breakpoint that was set before the code is
taken over does not change what the program does; entries into translated code do not stop it, a fault of its own does.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77


def run_gdb(build, program, arguments, commands):
    library = os.path.join(build, "libdetect", "libdetect.so")
    with tempfile.TemporaryDirectory() as reports:
        setup = ["set startup-with-shell off", "set pagination off", "set breakpoint pending on", "set width 0",
                 "set debuginfod enabled off", f"set environment LD_PRELOAD={library}", "set environment DETECT_OPTIONS=mode=full",
                 f"set environment DETECT_RUN_DIR={reports}", f"source {library}-gdb.py"]
        command = ["gdb", "-q", "-nx", "-batch"]
        for line in setup + commands:
            command += ["-ex", line]
        done = subprocess.run(command + ["--args", program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, errors="replace", timeout=100)
    return done.stdout


def functions(text):
    return re.findall(r"^#\d+ +(?:0x[0-9a-f]+ in )?([\w?]+)", text, re.M)


def check_stack(build, program):
    text = run_gdb(build, program, [], ["break middle", "break write", "run", "bt", "frame function innermost",
                                        "info locals", "delete", "continue"])
    found = functions(text)
    wanted = ["write", "compare", "innermost", "middle", "middle", "middle", "worker"]
    order = [name for name in found if name in wanted]
    if order[:len(wanted)] != wanted:
        return f"not the program's stack: {found}\n{text}"
    if "??" in found:
        return f"frames that gdb does not know: {found}\n{text}"
    if "local = 42" not in text:
        return f"no locals\n{text}"
    if "number 4" not in text or "exited normally" not in text:
        return f"it does not end as without gdb\n{text}"
    if "SIGSEGV" in text.replace("Catchpoint 1 (signal SIGSEGV)\n", ""):
        return f"stops at a fault of the translator's\n{text}"
    return None


def check_fault(build, program):
    text = run_gdb(build, program, ["fault"], ["run", "bt"])
    if "signal SIGSEGV" not in text or functions(text)[:2] != ["faults", "worker"]:
        return f"a fault of the program's own is not shown\n{text}"
    return None


def check_dump(build, program):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "dump")
        subprocess.run([os.path.join(build, "cli", "detect"), "run", "--mode=full", "--debug-translation=" + path, "--quiet", "--",
                        program], check=True, stdout=subprocess.DEVNULL, timeout=60)
        with open(path, encoding="utf-8") as file:
            text = file.read()
    symbols = subprocess.run(["nm", program], check=True, stdout=subprocess.PIPE, text=True).stdout
    low = int(re.search(r"^(\w+) t middle$", symbols, re.M).group(1), 16) & 0xFFF
    block = re.search(rf"^fragment \w+{low:03x}-\w+, code .*?(?=^fragment|\Z)", text, re.M | re.S)
    if not block or "call" not in block.group(0) or "exit 0" not in block.group(0):
        return f"the dump has no block of the function middle:\n{text[:2000]}"
    return None


def main():
    build, program = sys.argv[1:3]
    if not shutil.which("gdb"):
        print("gdb is not installed")
        return SKIPPED
    failed = 0
    for check in (check_stack, check_fault, check_dump):
        problem = check(build, program)
        print(f"{check.__name__}: {problem or 'ok'}")
        failed += problem is not None
    return failed


if __name__ == "__main__":
    sys.exit(main())
