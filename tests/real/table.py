# SPDX-License-Identifier: MIT
"""The table of real programs in mode full: each case's verdict is kept as a small file in the build directory, and
all of them together become the table in docs/real-programs.md."""

import json
import os
import re
import sys

from load import watched

# In mode full; and translated, with nobody looking at accesses.
FOLDERS = {False: os.path.join(watched.BUILD, "real-full"), True: os.path.join(watched.BUILD, "real-bare")}
NAMES = {False: "programs in mode full", True: "programs translated only"}
ONLY_WITH_RACES = {"races: certain", "possible"}
HEAD = [
    "case",
    "work",
    "compared with the native run",
    "threads",
    "runs",
    "differences",
    "races: certain",
    "possible",
    "translated",
    "from the program's code",
    "limits",
]


def record(case, verdict, bare):
    os.makedirs(FOLDERS[bare], exist_ok=True)
    translation = verdict.stats.get("translation_bytes", 0)
    row = {
        "case": case.NAME,
        "work": case.WORK,
        "compared": case.COMPARED,
        "threads": verdict.stats.get("threads_seen", 0),
        "runs": verdict.runs,
        "failed": verdict.failed,
        "certain": verdict.places("certain"),
        "possible": verdict.places("possible"),
        "cache": translation,
        "program": verdict.stats.get("translated_bytes", 0),
        "limits": sorted(verdict.limits),
    }
    with open(os.path.join(FOLDERS[bare], case.NAME + ".json"), "w", encoding="utf-8") as file:
        json.dump(row, file)


def row_of(case, bare):
    try:
        with open(os.path.join(FOLDERS[bare], case.NAME + ".json"), encoding="utf-8") as file:
            row = json.load(file)
    except FileNotFoundError:
        return [case.NAME, case.WORK, case.COMPARED, "", "0", "not run", "", "", "", "", ""]
    return [
        row["case"],
        row["work"],
        row["compared"],
        str(row["threads"]),
        str(row["runs"]),
        str(row["failed"]),
        str(row.get("certain", "")),
        str(row.get("possible", "")),
        kibibytes(row["cache"]),
        kibibytes(row["program"]),
        ", ".join(row["limits"]),
    ]


def kibibytes(count):
    return f"{count // 1024:,} KiB"


def write(cases, document, bare):
    with open(document, encoding="utf-8") as file:
        text = file.read()
    markers = re.compile(rf"(<!-- {NAMES[bare]} -->\n).*(<!-- end of {NAMES[bare]} -->\n)", re.S)
    if not markers.search(text):
        sys.exit(f"{document} has no markers for the table")
    rows = [HEAD, ["---"] * len(HEAD), *(row_of(case, bare) for case in cases)]
    shown = [i for i, name in enumerate(HEAD) if not (bare and name in ONLY_WITH_RACES)]
    lines = "".join("| " + " | ".join(row[i] for i in shown) + " |\n" for row in rows)
    with open(document, "w", encoding="utf-8") as file:
        file.write(markers.sub(lambda match: match.group(1) + "\n" + lines + "\n" + match.group(2), text))
