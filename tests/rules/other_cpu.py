#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where a CPU has no translator the lock checks are all there is, and they build: every source of libdetect that is not
x86-64's compiles for AArch64 without a warning, and needs nothing that only x86-64's sources define. The stack walker is
left out where that CPU's libunwind has no headers here. Skipped without a cross compiler and its C library.

Usage: other_cpu.py SOURCE BUILD X86_ONLY..."""
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
COMPILER, NM = "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-nm"
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64", "-DNDEBUG", "-O0", "-fPIC", "-fvisibility=hidden",
         "-fexceptions", "-ftls-model=initial-exec", "-Wall", "-Wextra", "-Wshadow", "-Wundef", "-Wstrict-prototypes",
         "-Wmissing-prototypes", "-Werror"]
INSTEAD = "libdetect/translate/none/arch.c"


def compiles(text):
    return subprocess.run([COMPILER, "-xc", "-fsyntax-only", "-"], input=text, text=True, check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


def host_objects(build):
    """{source: object} of libdetect as it is built for this machine."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = [c for c in json.load(file) if c["output"].startswith("libdetect/")]
    return {os.path.realpath(os.path.join(c["directory"], c["file"])): os.path.join(build, c["output"]) for c in commands}


def compile_one(root, source, target):
    done = subprocess.run([COMPILER, *FLAGS, "-I" + os.path.join(root, "libdetect"), "-c", source, "-o", target],
                          text=True, stderr=subprocess.PIPE, check=False)
    return done.stderr if done.returncode else ""


def symbols(nm, objects, kind):
    text = subprocess.run([nm, "-P", kind, *objects], check=True, text=True, stdout=subprocess.PIPE).stdout
    return {fields[0] for fields in map(str.split, text.splitlines()) if len(fields) > 1}


def main():
    root, build, *x86_only = sys.argv[1:]
    if not shutil.which(COMPILER) or not compiles("#include <pthread.h>\n"):
        print("no cross compiler for AArch64, or no C library for it")
        return SKIP
    host = host_objects(build)
    x86_only = {os.path.realpath(source) for source in x86_only}
    sources = sorted(s for s in host if s not in x86_only) + [os.path.join(root, INSTEAD)]
    if not compiles("#include <libunwind.h>\n"):
        sources.remove(os.path.realpath(os.path.join(root, "libdetect/runtime/unwind.c")))
    with tempfile.TemporaryDirectory() as directory, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = [os.path.join(directory, f"{i}.o") for i in range(len(sources))]
        said = [text for text in pool.map(lambda pair: compile_one(root, *pair), zip(sources, objects)) if text]
        print("".join(said)[:8000])
        missing = set()
        if not said:
            left_out = [path for source, path in host.items() if source in x86_only]
            missing = symbols(NM, objects, "-u") & symbols("nm", left_out, "--defined-only")
            missing -= symbols(NM, objects, "--defined-only")
    print(f"{len(sources)} files, {len(said)} do not compile; only x86-64 has: {' '.join(sorted(missing)) or 'nothing'}")
    return 1 if said or missing or len(sources) < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
