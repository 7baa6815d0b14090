# SPDX-License-Identifier: MIT
"""Where the time of translated programs goes, by perf's samples."""

import os
import re
import shutil
import subprocess

import programs
import translation
from load import watched
from measure import table

PARTS = ["code cache", "libc", "other native code", "libdetect", "kernel"]
ROW = re.compile(r"^\s*([0-9.]+)%?\s*\|([^|]*)\|(.*)$")


def part_of(dso):
    if dso.startswith("[JIT]") or dso.startswith("//anon") or dso.startswith("anon") or dso == "[unknown]":
        return "code cache"
    if dso.startswith("[kernel") or dso.endswith(".ko]"):
        return "kernel"
    name = os.path.basename(dso)
    if name.startswith("libc.so"):
        return "libc"
    return "libdetect" if name.startswith("libdetect.so") else "other native code"


def shares(bench, argv, environment=None):
    """Each part's share of the program's samples; detect's own process does not count."""
    data = os.path.join(bench.directory, "perf.data")
    command = watched.command(argv, os.path.join(bench.directory, "profile.json"), translation.FULL)
    result = subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-F", "997", "-o", data, *command], check=False,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    if result.returncode != 0:
        raise RuntimeError(f"perf record: {result.stderr.decode(errors='replace')[-200:]}")
    said = subprocess.run(["perf", "report", "-q", "-i", data, "--sort", "comm,dso", "-t", "|", "--stdio"], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode(errors="replace")
    found = dict.fromkeys(PARTS, 0.0)
    for percent, comm, dso in (match.groups() for match in map(ROW.match, said.splitlines()) if match):
        if comm.strip() not in ("detect", "detect-monitor", "perf"):
            found[part_of(dso.strip())] += float(percent)
    total = sum(found.values())
    return [f"{100 * found[part] / total:.0f} %" if total else "" for part in PARTS]


def samples(bench):
    """[name, command line]"""
    source = os.path.join(bench.directory, "input-profile")
    programs.make_input(source, 4 if bench.quick else 16)
    calls = os.path.join(bench.directory, "cxx_calls_profiled")
    watched.run(["g++", "-std=c++20", "-O2", os.path.join(translation.REAL, "cxx_calls.cc"), "-o", calls, "-pthread"])
    return [*((name, [*argv, source]) for name, argv in translation.COMPRESSORS), *translation.interpreters(),
            ("own C++ program", [calls, "50000"])]


def profile_section(bench):
    rows = []
    for name, argv in samples(bench) if shutil.which("perf") else []:
        rows.append(programs.guarded(lambda n=name, a=argv: [n, *shares(bench, a)], name, argv[0]))
    return table("Translation: where the time goes (samples by perf)", ["program", *PARTS], rows)
