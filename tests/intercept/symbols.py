#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the library resolves as a real function of threads and synchronisation it also interposes, under the
versions that it implements: none (which serves callers of every version), or the one that real_sync.def
names.  Usage: symbols.py LIBRARY REAL_SYNC_DEF"""
import platform
import re
import subprocess
import sys

# Called, not replaced.
ONLY_CALLED = {"pthread_testcancel"}


def exported(library):
    text = subprocess.run(["readelf", "-W", "--dyn-syms", library], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    found = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[3] == "FUNC" and fields[6] != "UND":
            name, _, version = fields[7].replace("@@", "@").partition("@")
            found.setdefault(name, set()).add(version)
    return found


def wanted(path):
    text = open(path, encoding="utf-8").read()
    versions = {name: "" for name in re.findall(r"^REAL_FUNCTION\((\w+)\)", text, re.M)}
    if platform.machine() == "x86_64":
        versions.update(re.findall(r'^REAL_VERSION\((\w+), "([\w.]+)"\)', text, re.M))
    return versions


def main():
    library, definitions = sys.argv[1:]
    found = exported(library)
    names = wanted(definitions)
    wrong = [f"{name}: exported as {sorted(found.get(name, []))}, expected {[version]}"
             for name, version in sorted(names.items())
             if name not in ONLY_CALLED and found.get(name) != {version}]
    print("\n".join(wrong))
    print(f"{len(names)} functions, {len(wrong)} wrong")
    return 1 if wrong or len(names) < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
