#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The options of the manual pages are those of --help, word for word; and the pages have no mistakes in their markup.

    manual.py BUILD_DIR            compares
    manual.py BUILD_DIR --update   writes the options into the pages
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BEGIN, END = '.\\" options begin\n', '.\\" options end\n'


def options(detect, command):
    """[(option, value, help)] from --help."""
    text = subprocess.run([detect, command, "--help"], check=True, stdout=subprocess.PIPE, text=True).stdout
    block = re.search(r"^Options:\n(.*?)^\n", text, re.M | re.S).group(1)
    found = []
    for line in block.splitlines():
        name = re.match(r"  --([a-z-]+)(?:=(\S+))?$", line)
        if name:
            found.append([name.group(1), name.group(2), ""])
        else:
            found[-1][2] += (" " if found[-1][2] else "") + line.strip()
    return found


def escape(text):
    return text.replace("\\", "\\e").replace("-", "\\-")


def markup(found):
    lines = []
    for name, value, words in found:
        lines.append(".TP")
        lines.append(f".BI \\-\\-{escape(name)}= {escape(value)}" if value else f".B \\-\\-{escape(name)}")
        lines.append(escape(re.sub(r" default: (\S+)$", r" (default: \1)", words)))
    return "\n".join(lines) + "\n"


def main():
    detect = os.path.join(sys.argv[1], "cli", "detect")
    fine = True
    for command in ("run", "report", "list"):
        path = os.path.join(ROOT, "docs", "man", f"detect-{command}.1")
        with open(path, encoding="utf-8") as file:
            page = file.read()
        start, rest = page.split(BEGIN)
        old, end = rest.split(END)
        new = markup(options(detect, command))
        if "--update" in sys.argv:
            with open(path, "w", encoding="utf-8") as file:
                file.write(start + BEGIN + new + END + end)
        elif old != new:
            print(f"{path}: the options are not those of detect {command} --help; see --update")
            fine = False
    for name in os.listdir(os.path.join(ROOT, "docs", "man")):
        path = os.path.join(ROOT, "docs", "man", name)
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path], check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode or done.stderr:
            print(f"{path}: {done.stderr}")
            fine = False
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
