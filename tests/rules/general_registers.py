#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the cache calls out to runs while the vector registers are the program's: its objects are compiled with
-mgeneral-regs-only, which does not keep gcc from calling libc's (AVX) memcpy for a copied structure. So they may need
nothing but the library's own symbols and a short list."""
import os
import subprocess
import sys

ARCHIVES = ["libdetect/analysis/libanalysis_fast.a", "libdetect/translate/libtranslate_fast.a", "libdetect/base/libbase_general.a"]
OWN = ["libdetect/analysis/libanalysis.a", "libdetect/translate/libtranslate.a", "libdetect/base/libbase.a"]
ALLOWED = {"_GLOBAL_OFFSET_TABLE_", "getauxval"}  # getauxval: at start


def symbols(path, *arguments):
    text = subprocess.run(["nm", *arguments, path], check=True, text=True, stdout=subprocess.PIPE).stdout
    return {line.split()[-1] for line in text.splitlines() if " " in line.strip()}


def main():
    build = sys.argv[1]
    own = set().union(*(symbols(os.path.join(build, path), "--defined-only") for path in OWN))
    wrong = []
    for archive in ARCHIVES:
        path = os.path.join(build, archive)
        needed = symbols(path, "-u")
        if not needed:
            wrong.append(f"{archive} needs no symbol at all: this test looks in the wrong place")
        wrong += [f"{archive} needs {name}" for name in sorted(needed - own - ALLOWED)]
    print("\n".join(wrong[:20]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
