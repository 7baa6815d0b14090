#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The analysis archive uses nothing from outside but base/ and a few functions of libc that only touch the memory they
are given: no I/O, no clock, no thread functions. It has no writable global state either."""
import glob
import os
import subprocess
import sys

ALLOWED = {"memcpy", "memmove", "memset", "memcmp", "memchr", "strlen", "strcmp", "strncmp",
           "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail", "__assert_fail", "__assert_rtn"}
WRITABLE = set("DdBbCcSsGg")
# Symbol types of constant data with relocations and of sanitizers or coverage are not state.


def symbols(archive):
    """[(type, name)] of all members."""
    text = subprocess.run(["nm", "-P", archive], check=True, text=True, stdout=subprocess.PIPE).stdout
    return [(fields[1], fields[0]) for fields in map(str.split, text.splitlines())
            if len(fields) >= 2 and len(fields[1]) == 1]


def is_constant(archive, name):
    """Tables of pointers lie in .data.rel.ro: written by the dynamic linker, then read-only."""
    text = subprocess.run(["objdump", "-t", archive], check=True, text=True, stdout=subprocess.PIPE).stdout
    return any(line.split()[-1] == name and ".data.rel.ro" in line
               for line in text.splitlines() if line.split())


def main():
    build = sys.argv[1]
    archive = os.path.join(build, "libdetect", "analysis", "libanalysis.a")
    base = glob.glob(os.path.join(build, "libdetect", "base", "lib*.a"))
    if not os.path.exists(archive) or not base:
        print(f"{archive} or base's archive is missing")
        return 1
    own = symbols(archive)
    if len(own) < 20:
        print("found hardly any symbol: this test looks in the wrong place")
        return 1
    defined = {name for path in [archive] + base for kind, name in symbols(path) if kind != "U"}
    outside = sorted({name for kind, name in own if kind == "U"} - defined - ALLOWED)
    state = sorted({name for kind, name in own if kind in WRITABLE and not is_constant(archive, name)})
    for name in outside:
        print(f"uses {name}, which is not on the list")
    for name in state:
        print(f"has a writable global: {name}")
    return 1 if outside or state else 0


if __name__ == "__main__":
    sys.exit(main())
