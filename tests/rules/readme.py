#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""README.md shows programs, commands and their reports: compiles each program, runs its commands, and compares. Only process
ids and times may differ, and which access of a race came first. Its table of findings is that of kinds.def, and its numbers of programs are right."""
import difflib
import os
import re
import subprocess
import sys
import tempfile

VARYING = [(r"\bpid \d+", "pid N"), (r"\b\d+(\.\d+)? m?s\b", "N s"), (r"0x[0-9a-f]+", "0xN"),
           (r"==\d+==", "==N==")]


def blocks(text):
    """[(language, text)] of the fenced blocks."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)


def normal(text):
    for pattern, replacement in VARYING:
        text = re.sub(pattern, replacement, text)
    return [line.rstrip() for line in text.strip().splitlines()]


def wrong_facts(text, source):
    """What the text says otherwise than the sources."""
    with open(os.path.join(source, "libdetect/analysis/kinds.def"), encoding="utf-8") as file:
        kinds = re.findall(r'KIND\(\w+,\s*"([\w-]+)",\s*GROUP_(\w+),\s*"([^"]+)"', file.read())
    rows = [f"| `{name}` | {line} |" for name, group, line in kinds
            if group in ("RACE", "DEADLOCK", "MISUSE")]
    wrong = [f"README.md lacks: {row}" for row in rows if row not in text]
    programs = os.listdir(os.path.join(source, "tests/programs/order"))
    twins = sum(name.startswith("no_") for name in programs)
    if len(programs) != 2 * twins or f"has {twins} programs" not in text:
        wrong.append(f"README.md has another number of programs than {len(programs)} in order/")
    return wrong


def compare(program, session, build):
    """What a session shows otherwise than it is."""
    commands = re.findall(r"^\$ (.*)$", session, re.M)
    report = re.split(r"^\$ .*$\n?", session, flags=re.M)[-1]
    name = re.search(r"(\w+)\.c\b", commands[0]).group(1)
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, name + ".c"), "w", encoding="utf-8") as file:
            file.write(program)
        environment = dict(os.environ, COLUMNS="80")
        environment["PATH"] = os.path.join(build, "cli") + ":" + environment["PATH"]
        done = None
        for command in commands:
            done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    in_order = (lambda lines: sorted(line.replace("earlier ", "") for line in lines)) if name == "race" else list
    difference = list(difflib.unified_diff(in_order(normal(report)), in_order(normal(done.stdout)), "README.md", "real", "", "", 3, ""))
    return difference + ([f"status {done.returncode}, not 66"] if done.returncode != 66 else [])


def main():
    source, build = sys.argv[1:3]
    with open(os.path.join(source, "README.md"), encoding="utf-8") as file:
        text = file.read()
    shown = blocks(text)
    wrong = wrong_facts(text, source)
    programs = [text for language, text in shown if language == "c"]
    sessions = [text for language, text in shown if language == "console"]
    for program, session in zip(programs, sessions, strict=True):
        wrong += compare(program, session, build)
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
