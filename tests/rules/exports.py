#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What libdetect.so exports interposes something of libc under the right version, or is a known annotation.
Nothing else of the detector, nor of its libraries, may leak into the program."""
import os
import re
import subprocess
import sys

ANNOTATIONS = re.compile(r"__tsan_(acquire|release|mutex_\w+)|Annotate\w+|RunningOnValgrind")


def dynamic_symbols(path):
    """{name: set of versions} of what a library defines; '' is no version."""
    text = subprocess.run(["readelf", "-W", "--dyn-syms", path], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    found = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 8 or fields[6] in ("UND", "ABS") or fields[4] not in ("GLOBAL", "WEAK"):
            continue
        name, _, version = fields[7].replace("@@", "@").partition("@")
        found.setdefault(name, set()).add(version)
    return found


def libc_symbols(library):
    """Of the libc (and dynamic linker) that the library is linked to."""
    text = subprocess.run(["ldd", library], check=True, text=True, stdout=subprocess.PIPE).stdout
    paths = [path for path in re.findall(r"(/\S+)", text)
             if re.search(r"/(libc\.so|ld-linux|libpthread|librt|libdl|libanl)", path)]
    found = {}
    for path in paths:
        for name, versions in dynamic_symbols(path).items():
            found.setdefault(name, set()).update(versions)
    return found


def main():
    library = os.path.join(sys.argv[1], "libdetect", "libdetect.so")
    exported = dynamic_symbols(library)
    libc = libc_symbols(library)
    wrong = []
    if "pthread_mutex_lock" not in exported:
        wrong.append("pthread_mutex_lock is not exported: nothing would be intercepted")
    if len(libc) < 1000:
        wrong.append("found hardly any symbol of libc: this test looks in the wrong place")
    for name, versions in sorted(exported.items()):
        if ANNOTATIONS.fullmatch(name):
            continue
        if name not in libc:
            wrong.append(f"exports {name}, which is none of libc's")
        elif versions - {""} - libc[name]:
            wrong.append(f"exports {name} as {sorted(versions)}, libc has {sorted(libc[name])}")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
