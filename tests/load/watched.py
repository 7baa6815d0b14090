# SPDX-License-Identifier: MIT
"""Runs programs natively or under detect, and reads back what detect found."""

import json
import os
import resource
import signal
import subprocess
import time

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("DETECT_BUILD") or os.path.join(REPOSITORY, "build")
DETECT = os.path.join(BUILD, "cli", "detect")

# Notes and doubtful findings are listed too; the status stays the program's own.
OPTIONS = ["--fail-on=never", "--on-deadlock=report"]
LOCKS = ["--mode=locks"]


def command(argv, report=None, options=LOCKS):
    """The command line that runs argv under detect; the report goes to the file `report` as JSON."""
    output = ["--format=json", f"--output={report}"] if report else ["--quiet"]
    return [DETECT, "run", *OPTIONS, *output, *options, "--", *argv]


def read_report(path):
    """(findings, limits, stats) of a JSON report; an unreadable one is an error of the test."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if not text:
        raise ValueError(f"{path} is empty: detect wrote no report")
    report = json.loads(text)
    if any(limit["code"] == "not-watched" for limit in report["limits"]):
        raise ValueError("the program was not watched")
    return report["findings"], report["limits"], report["stats"]


def describe(finding):
    """A finding in one line: kind, objects, and the functions of its stacks."""
    def top(stack):
        names = [frame["function"] or f"{os.path.basename(frame['module'] or '?')}+{frame['offset']}"
                 for frame in stack["frames"][:4]]
        return " < ".join(names)

    objects = ", ".join(o["name"] or o["what"] or "?" for o in finding["objects"])
    stacks = " | ".join(f"{s['role']}: {top(s)}" for s in finding["stacks"])
    return f"{finding['kind']} ({finding['confidence']}) on {objects}: {stacks}"


class Result:
    """Status (negative: signal), output, CPU and wall seconds of one finished command."""

    def __init__(self, status, stdout, stderr, cpu, wall, timed_out):
        self.status, self.stdout, self.stderr = status, stdout, stderr
        self.cpu, self.wall, self.timed_out = cpu, wall, timed_out


def run(argv, timeout=120, cwd=None, env=None, stdin=None, cpus=None):
    """Runs a command to its end in its own process group, which a timeout kills whole."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    process = subprocess.Popen(
        argv, cwd=cwd, env=dict(os.environ, **(env or {})), start_new_session=True,
        stdin=stdin if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=(lambda: os.sched_setaffinity(0, cpus)) if cpus else None)
    timed_out = False
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        timed_out = True
        dump_stacks(process.pid)
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
    wall = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Result(process.returncode, stdout, stderr, cpu, wall, timed_out)


def descendants(pid):
    """pid and all that it started, parents first."""
    found = [pid]
    for parent in found:
        for task in listed(f"/proc/{parent}/task"):
            try:
                with open(f"/proc/{parent}/task/{task}/children", encoding="ascii") as file:
                    found += [int(child) for child in file.read().split()]
            except OSError:
                pass
    return found


def listed(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def dump_stacks(pid):
    """What a hanging command was doing, on standard error: with gdb where it is installed."""
    for each in descendants(pid):
        try:
            with open(f"/proc/{each}/comm", encoding="utf-8") as file:
                print(f"  hanging: {each} {file.read().strip()}", flush=True)
            dump = subprocess.run(
                ["gdb", "-p", str(each), "-batch", "-ex", "thread apply all bt 16"],
                stdin=subprocess.DEVNULL, capture_output=True, timeout=20, text=True, check=False)
            lines = [line for line in dump.stdout.splitlines() if line.startswith(("#", "Thread"))]
            print("    " + "\n    ".join(lines[:200]), flush=True)
        except (OSError, subprocess.TimeoutExpired):
            pass


class Server:
    """A server process in the background, natively (options None) or under detect; `pid` is the server's own."""

    def __init__(self, argv, ready, report=None, options=None, cwd=None, comm=None, patience=60):
        line = argv if options is None else command(argv, report, options)
        self.process = subprocess.Popen(
            line, cwd=cwd, start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.comm = comm or os.path.basename(argv[0])
        self.output = b""
        deadline = time.monotonic() + patience
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{argv[0]} did not start: {self.output.decode(errors='replace')[-2000:]}")
            time.sleep(0.02)
        self.pid = self.find_pid()

    def find_pid(self):
        for pid in descendants(self.process.pid):
            try:
                with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                    if file.read().strip() == self.comm[:15]:
                        return pid
            except OSError:
                pass
        raise RuntimeError(f"{self.comm} is not among its own processes")

    def cpu(self):
        """CPU seconds of the server's threads so far, from the scheduler's exact count."""
        total = 0
        for task in listed(f"/proc/{self.pid}/task"):
            try:
                with open(f"/proc/{self.pid}/task/{task}/schedstat", encoding="ascii") as file:
                    total += int(file.read().split()[0])
            except OSError:
                pass
        return total / 1e9

    def stop(self, signo=signal.SIGTERM, timeout=120):
        """Asks the server to end; returns its status as its parent sees it (None: had to be killed)."""
        os.kill(self.pid, signo)
        try:
            self.output = self.process.communicate(timeout=timeout)[0]
            return self.process.returncode
        except subprocess.TimeoutExpired:
            dump_stacks(self.process.pid)
            self.kill()
            return None

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.output = self.process.communicate()[0]
