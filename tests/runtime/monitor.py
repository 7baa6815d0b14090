#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The helper process that looks for hangs: it shows nowhere, keeps no pipe open, and ends with the program, however
that ends."""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

LIBRARY, PROGRAM = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])


def start(folder, *arguments):
    environment = dict(os.environ, LD_PRELOAD=LIBRARY, DETECT_RUN_DIR=folder)
    return subprocess.Popen([PROGRAM, *arguments], env=environment, stdout=subprocess.PIPE, text=True)


def helpers_of(pid):
    """Process ids of the helpers of that program: children called detect-monitor."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8") as file:
                    text = file.read()
            except OSError:
                continue
            parent = int(text.rsplit(")", 1)[1].split()[1])
            if parent == pid and "(detect-monitor)" in text:
                found.append(int(entry))
    return found


def await_helpers(pid):
    """The same, once there is one: it gives itself its name when it first runs."""
    deadline = time.monotonic() + 10
    while not helpers_of(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return helpers_of(pid)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def ends_by(folder, how):
    """What is wrong when the program, with its helper, ends in this way."""
    program = start(folder, "linger")
    line = program.stdout.readline()
    helpers = await_helpers(program.pid)
    wrong = []
    if not re.search(r"tasks=1 descriptors=0 wait=-1 No child processes", line):
        wrong.append(f"shows in the program: {line!r}")
    if len(helpers) != 1:
        wrong.append(f"{len(helpers)} helpers, not one")
    begin = time.monotonic()
    program.send_signal(how)
    program.stdout.read()
    if time.monotonic() - begin > 5:
        wrong.append("the pipe stayed open after the program had ended")
    program.wait()
    deadline = time.monotonic() + 5
    while any(map(is_alive, helpers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    if any(map(is_alive, helpers)):
        wrong.append("the helper outlives the program")
    return wrong


def main():
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for how in (signal.SIGKILL, signal.SIGTERM):
            wrong += [f"{how.name}: {text}" for text in ends_by(folder, how)]
        program = start(folder)
        program.communicate()
        if program.returncode != 0 or helpers_of(program.pid):
            wrong.append("a normal end leaves something")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
