#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The include rule of docs/architecture.md: rooms include downwards only, cli includes report/format.h alone,
uthash and libunwind have one includer each, libdw the symbolizer's files and those that read
whole line tables, Zydis those of the translator's x86-64 part and those that look for atomic operations. Also tells, without judging, which functions are long."""
import glob
import os
import re
import sys

BELOW = {
    "base": {"base"},
    "event": {"base", "event"},
    "analysis": {"base", "event", "analysis"},
    "report": {"base", "event", "analysis", "report"},
    "translate": {"base", "translate"},
    "runtime": {"base", "event", "analysis", "report", "translate", "runtime"},
    "intercept": {"base", "event", "analysis", "report", "translate", "runtime", "intercept"},
}
CLI_MAY = re.compile(r"report/(format\.h|atomics_format\.h|options\.h|options\.def)$|analysis/kinds\.(h|def)$|base/compiler\.h$")
SINGLE = {
    r"uthash\.h|utlist\.h|utarray\.h": "libdetect/base/hash.c",
    r"libunwind.*\.h": "libdetect/runtime/unwind.c",
    r"Zydis/.*|Zycore/.*": ("libdetect/translate/x86_64/", "cli/atomics_code.c", "cli/atomics_insn.c"),
    r"elfutils/.*|dwarf\.h|libelf\.h|gelf\.h": ("cli/symbolize", "cli/atomics_dwarf.c", "cli/atomics_types", "cli/atomics_link"),
}
LONG = 60


def includes(path):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if found:
                yield number, found.group(2)


def room_of(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "libdetect" and len(parts) > 2 else parts[0]


def complaints(path):
    room = room_of(path)
    for number, header in includes(path):
        where = f"{path}:{number}: includes {header}"
        target = header.split("/")[0]
        if room in BELOW and target in BELOW and target not in BELOW[room]:
            yield f"{where}: {room} may not know {target}"
        if room == "cli" and target in BELOW and not CLI_MAY.search(header):
            yield f"{where}: cli knows report/format.h and nothing else of the library"
        for pattern, only in SINGLE.items():
            if re.fullmatch(pattern, header) and not path.startswith(only):
                yield f"{where}: only {only} may"


def long_functions(path):
    start = None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("{"):
                start = number
            elif line.startswith("}") and start:
                if number - start > LONG:
                    yield f"{path}:{start}: a function of {number - start} lines"
                start = None


def main():
    os.chdir(sys.argv[1])
    paths = sorted(path for pattern in ("libdetect/**/*.[ch]", "libdetect/**/*.def", "cli/**/*.[ch]")
                   for path in glob.glob(pattern, recursive=True))
    if len(paths) < 20:
        print("found hardly any source file: this test looks in the wrong place")
        return 1
    for path in paths:
        for line in long_functions(path):
            print("note: " + line)
    wrong = [line for path in paths for line in complaints(path)]
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
