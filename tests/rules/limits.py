#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each code of a `limits` entry in the source has a section in docs/limits.md, and the other way round."""

import os
import re
import sys

# A call that makes an entry, up to its semicolon, and a row of a table of entries.
CALL = re.compile(r"\b(?:\w+_limit|tell|host->limit)\(([^;{]*);")
ROW = re.compile(r'\{"([a-z]+(?:-[a-z]+)+)",\s*"')
CODE = re.compile(r'"([a-z]+(?:-[a-z]+)+|jit)"')


def codes_of(text):
    """Codes are words with hyphens; texts have blanks."""
    found = ROW.findall(text) if "_limit(" in text else []
    for arguments in CALL.findall(text):
        found += CODE.findall(arguments)
    return found


def emitted_codes(root):
    """{code: file} of all that the library and the command can put into `limits`."""
    codes = {}
    for room in ("libdetect", "cli"):
        for folder, _, names in os.walk(os.path.join(root, room)):
            for name in names:
                if name.endswith(".c"):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as file:
                        for code in codes_of(file.read()):
                            codes.setdefault(code, os.path.relpath(path, root))
    return codes


def main():
    root = sys.argv[1]
    codes = emitted_codes(root)
    with open(os.path.join(root, "docs", "limits.md"), encoding="utf-8") as file:
        documented = set(re.findall(r"^### `([a-z0-9-]+)`$", file.read(), re.M))
    wrong = [f"{path}: '{code}' has no section in docs/limits.md" for code, path in sorted(codes.items())
             if code not in documented]
    wrong += [f"docs/limits.md: nothing emits '{code}'" for code in sorted(documented - set(codes))]
    if not codes:
        wrong.append("no code found at all: the pattern of this test is out of date")
    print("\n".join(wrong) or f"{len(codes)} codes")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
