#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tests that docs/transparency.md names exist, and each transparency program is named there."""

import os
import re
import sys


def names_in(root, room):
    folder = os.path.join(root, "tests", room, "programs")
    return {os.path.splitext(name)[0] for name in os.listdir(folder) if not name.startswith("with_")}


def main():
    root, tests = sys.argv[1], " ".join(sys.argv[2:])
    programs = names_in(root, "transparency")
    with open(os.path.join(root, "docs", "transparency.md"), encoding="utf-8") as file:
        rows = [line for line in file if line.startswith("|")]
    named = {name for row in rows for name in re.findall(r"`([a-z_-]+)`", row.rstrip("|\n ").rpartition("|")[2])}
    known = programs | names_in(root, "translate") | set(tests.split())
    wrong = [f"docs/transparency.md names '{name}', which is no test" for name in sorted(named - known)]
    wrong += [f"docs/transparency.md does not name the test '{name}'" for name in sorted(programs - named)]
    print("\n".join(wrong) or f"{len(named)} tests")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
