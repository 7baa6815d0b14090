# SPDX-License-Identifier: MIT
"""Findings of real programs that have been looked into: the lines of docs/real-programs.md that begin with

    - CASE: `KIND` [possible] [in `MODULE`, `MODULE`…]

A line allows findings of that kind in that case; with "possible" only those of that confidence; with modules only those both
of whose accesses are made in one of them (by file name, without version), so that a finding elsewhere fails the test."""

import os
import re

LINE = re.compile(r"^- ([\w+.-]+): `([a-z-]+)`( possible)?(?: in ((?:`[^`]+`(?:, )?)+))?", re.M)


class Known:
    """What the page says of one case."""

    def __init__(self, document, case):
        with open(document, encoding="utf-8") as file:
            found = [match.groups() for match in LINE.finditer(file.read())]
        self.lines = [(kind, bool(possible), set(re.findall("`([^`]+)`", modules or "")))
                      for name, kind, possible, modules in found if name == case]

    def allows(self, finding):
        return any(kind == finding["kind"] and (not possible or finding["confidence"] == "possible")
                   and (not modules or modules_of(finding) <= modules)
                   for kind, possible, modules in self.lines)


def modules_of(finding):
    """Where the accesses of a race were made: the file of each one's innermost frame that is not libc's."""
    return {innermost(stack["frames"]) for stack in finding["stacks"] if stack["access"]}


def innermost(frames):
    names = [short_name(frame["module"]) for frame in frames if frame["module"]]
    return next((name for name in names if name != "libc"), names[0] if names else "?")


def short_name(module):
    """Of "/usr/lib/x86_64-linux-gnu/libx264.so.164" "libx264"."""
    return re.sub(r"(\.so[.\d]*|[-.\d]+)$", "", os.path.basename(module))
