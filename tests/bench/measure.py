# SPDX-License-Identifier: MIT
"""Alternating runs, medians and ratios; building the drivers; Markdown tables."""

import os
import platform
import shutil
import statistics
import subprocess

from load import watched

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)


class Tool:
    """One way to run a driver: how it is compiled, what stands before its command line, and how many
    operations it gets for each of the native run's (slow ones get fewer: figures are per operation)."""

    def __init__(self, name, prefix=(), cflags=(), compiler="gcc", share=1.0):
        self.name, self.prefix, self.cflags = name, list(prefix), list(cflags)
        self.compiler, self.share = compiler, share

    def works(self, directory):
        """Installed, and able to build and run a small threaded program here."""
        if any(shutil.which(program) is None for program in [self.compiler, *self.prefix[:1]]):
            return False
        source = os.path.join(directory, "probe.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write("int main(void) { return 0; }\n")
        binary = os.path.join(directory, "probe")
        built = subprocess.run([self.compiler, *self.cflags, "-pthread", source, "-o", binary],
                               capture_output=True, check=False)
        return built.returncode == 0 and watched.run([*self.prefix, binary]).status == 0


NATIVE = Tool("native")
DETECT = Tool("detect", watched.command([]))
PEERS = [
    Tool("Helgrind", ["valgrind", "-q", "--tool=helgrind", "--log-file=/dev/null"], share=0.002),
    Tool("DRD", ["valgrind", "-q", "--tool=drd", "--log-file=/dev/null"], share=0.002),
    Tool("TSan/gcc", ["setarch", "-R"], ["-fsanitize=thread"], share=0.2),
    Tool("TSan/clang", ["setarch", "-R"], ["-fsanitize=thread"], "clang", share=0.2),
]


class Bench:
    """Settings of this run, and the drivers as built for each tool. plots: the folder for charts, if they are wanted."""

    def __init__(self, directory, quick, peers, plots=None):
        self.directory, self.quick, self.plots = directory, quick, plots
        self.peers = [tool for tool in PEERS if tool.works(directory)] if peers else []
        self.rounds = 3 if quick else 7
        self.peer_rounds = 1 if quick else 3
        self.built = {}

    def binary(self, tool, source):
        """The driver tests/<source> as this tool wants it; built once."""
        key = (tool.compiler, tuple(tool.cflags), source)
        if key not in self.built:
            name = os.path.basename(source).removesuffix(".c")
            path = os.path.join(self.directory, f"{name}-{len(self.built)}")
            subprocess.run([tool.compiler, "-O2", "-g", "-D_GNU_SOURCE", *tool.cflags, "-pthread",
                            os.path.join(TESTS, source), "-o", path], check=True)
            self.built[key] = path
        return self.built[key]


class Ratio:
    """How a figure compares with native: the ratio of medians, and the range of the paired ratios."""

    def __init__(self, values, native):
        self.median, self.native = statistics.median(values), statistics.median(native)
        self.ratio = self.median / self.native
        pairs = [value / base for value, base in zip(values, native)]
        self.low, self.high = min(pairs), max(pairs)

    def __str__(self):
        return f"{figure(self.ratio)}x ({figure(self.low)}–{figure(self.high)})"


def figure(number):
    """Three significant digits, without an exponent."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def alternate(measures, rounds):
    """Calls each of the functions in turn, `rounds` times round; returns a list of results for each. One
    unmeasured call of each comes first, so that caches are as warm for the first as for the last."""
    for measure in measures:
        measure()
    results = [[] for _ in measures]
    for _ in range(rounds):
        for result, measure in zip(results, measures):
            result.append(measure())
    return results


def table(title, head, rows):
    """A section with a Markdown table; rows are lists of strings."""
    lines = [f"## {title}", "", "| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def machine():
    """The circumstances of the run."""
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return (f"Measured on {model}, {os.cpu_count()} CPUs, Linux {platform.release()}, "
            f"{' '.join(platform.libc_ver())}.\n")
