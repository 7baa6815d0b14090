# SPDX-License-Identifier: MIT
"""What looking for races costs, beside the peers and in one run: CPU time, wall time and peak memory of numeric kernels and
compressors; requests per second of servers."""

import os
import shutil
import statistics
import subprocess

import measure
import plot
import programs
import translation
from load import watched

KERNELS = ["fft", "radix", "lu", "cholesky", "water", "barnes", "ocean", "list"]
SPLASH = KERNELS[:-1] # what the geometric mean is of
FULL = ["--mode=full"]
TIMEOUT = 240
SPARE_KIB = 30 << 10 # beyond three times native


class Way:
    """One way to run a program: what stands before its command line, which build it wants, and whether it is slow."""

    def __init__(self, name, prefix=(), tool=measure.NATIVE, slow=False):
        self.name, self.prefix, self.tool, self.slow = name, list(prefix), tool, slow


def detect(*options):
    return watched.command([], options=[*FULL, *options])


def ways(bench, stages):
    """Native first, then detect, then the peers that run here."""
    found = [Way("native"), Way("detect", detect())]
    if stages:
        found += [Way("translated only", detect("--translation-stress=bare")), Way("inline tests", detect("--translation-stress=tags"))]
    for tool in bench.peers:
        found.append(Way(tool.name, tool.prefix, tool, slow=not tool.cflags))
    return found


class Figures:
    """CPU seconds, wall seconds and peak KiB of a run."""

    def __init__(self, bench, argv):
        record = os.path.join(bench.directory, "peak.txt")
        result = watched.run([bench.binary(measure.NATIVE, "bench/peak.c"), record, *argv], timeout=TIMEOUT)
        if result.timed_out or result.status not in (0, 1, 66): # TSan's status for a race is 66
            raise RuntimeError(f"status {result.status}: {result.stderr.decode(errors='replace')[-300:]}")
        with open(record, encoding="ascii") as file:
            self.cpu, self.wall, self.peak = (float(word) for word in file.read().split())


def measured(bench, candidates, argv_of):
    """{name: list of Figures} of alternating runs; peers under valgrind run once. One that fails is left out."""
    results = {}
    for _ in range(min(5, bench.rounds)):
        for way in candidates:
            if way.slow and way.name in results:
                continue
            if results.get(way.name, True) is None:
                continue
            try:
                results.setdefault(way.name, []).append(Figures(bench, argv_of(way)))
            except RuntimeError:
                results[way.name] = None
    return {name: runs for name, runs in results.items() if runs}


class Row:
    """A program's figures: ratios to native by name, and peaks."""

    def __init__(self, name, results):
        self.name = name
        native = results["native"]
        self.native = min(run.cpu for run in native)
        self.ratios = {way: statistics.median(run.cpu for run in runs) / statistics.median(run.cpu for run in native)
                       for way, runs in results.items() if way != "native"}
        self.walls = {way: statistics.median(run.wall for run in runs) / statistics.median(run.wall for run in native)
                      for way, runs in results.items()}
        self.peaks = {way: statistics.median(run.peak for run in runs) for way, runs in results.items()}

    def ratio(self, way):
        return f"{measure.figure(self.ratios[way])}x" if way in self.ratios else "failed"

    def wall(self, way):
        return f"{measure.figure(self.walls[way])}x" if way in self.walls else ""

    def peak(self, way):
        return f"{self.peaks[way] / 1024:.0f} MiB" if way in self.peaks else "failed"

    def memory_is_met(self):
        return self.peaks["detect"] <= 3 * self.peaks["native"] + SPARE_KIB


def mean_row(rows, names, chosen):
    """Geometric means of what all chosen rows have."""
    cells = []
    for name in names:
        values = [row.ratios.get(name) for row in rows if row.name in chosen]
        whole = values and all(values)
        cells.append(f"**{measure.figure(statistics.geometric_mean(values))}x**" if whole else "")
    return cells


def tables(bench, title, rows, names, chosen):
    """CPU time with its mean, and peak memory."""
    speed = [[row.name, f"{row.native:.2f} s", *[row.ratio(name) for name in names], row.wall("detect")] for row in rows]
    speed.append([f"**geometric mean of {len(chosen)}**", "", *mean_row(rows, names, chosen), ""])
    peers = [name for name in names if name not in ("translated only", "inline tests")]
    memory = [[row.name, row.peak("native"), *[row.peak(name) for name in peers], "yes" if row.memory_is_met() else "no"]
              for row in rows]
    plot.write(bench, title, [row.name for row in rows], {name: [row.ratios.get(name) for row in rows] for name in peers})
    return (measure.table(f"Race checks: {title}, CPU time over native", ["program", "native", *names, "detect, wall"], speed) + "\n" +
            measure.table(f"Race checks: {title}, peak memory", ["program", "native", *peers, "at most 3x + 30 MiB"], memory))


# --- kernels ---------------------------------------------------------------------------------------------------------------------


def build(bench, tool):
    """The kernels as this way wants them; built once."""
    path = os.path.join(bench.directory, "kernels-" + tool.name.replace("/", "-"))
    if not os.path.exists(path):
        folder = os.path.join(measure.HERE, "kernels")
        sources = sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".c"))
        subprocess.run([tool.compiler, "-O2", "-g", *tool.cflags, "-pthread", *sources, "-o", path, "-lm"], check=True)
    return path


def kernel_section(bench):
    candidates = ways(bench, stages=True)
    names = [way.name for way in candidates[1:]]
    rows = []
    for kernel in KERNELS:
        rows.append(Row(kernel, measured(bench, candidates, lambda way, kernel=kernel: [*way.prefix, build(bench, way.tool), kernel])))
    return (tables(bench, "numeric kernels, two threads", rows, names, SPLASH) +
            "\n`tests/bench/kernels`: after the descriptions of SPLASH-2; `list` has no sharing and is not in the mean. Translated only: "
            "no access is looked at. Inline tests: what is not known is only noted, and known from then on. The rest is the analysis.\n")


# --- compressors -------------------------------------------------------------------------------------------------------------------

COMPRESSORS = [("pigz -p2", ["pigz", "-c", "-p2"]), ("pbzip2 -p2", ["pbzip2", "-c", "-p2"]), ("lbzip2 -n2", ["lbzip2", "-c", "-n2"]),
               ("zstd -T2", ["zstd", "-q", "-c", "-T2", "-3"]), ("xz -T2", ["xz", "-c", "-T2", "-1", "--block-size=1MiB"])]


def compressor_section(bench):
    source = os.path.join(bench.directory, "compressed")
    programs.make_input(source, 1 if bench.quick else 4)
    candidates = [way for way in ways(bench, stages=False) if not way.tool.cflags] # Debian's own: TSan cannot
    rows = []
    for name, argv in COMPRESSORS:
        if shutil.which(argv[0]):
            rows.append(Row(name, measured(bench, candidates, lambda way, argv=argv: [*way.prefix, *argv, source])))
    names = [way.name for way in candidates[1:]]
    return tables(bench, "compressors as Debian ships them", rows, names, [row.name for row in rows])


# --- servers ------------------------------------------------------------------------------------------------------------------------

SERVERS = [
    ("memcached -t 2, pipelined", lambda port: ["memcached", "-u", "root", "-l", "127.0.0.1", "-t", "2", "-p", str(port)],
     translation.PipelinedRate()),
    ("redis, 2 io-threads", programs.redis_threads, translation.redis_rate),
]


def server_section(bench):
    rows = []
    for name, argv, rate in SERVERS:
        def row(name=name, argv=argv, rate=rate):
            return translation.server_row(bench, name, lambda port, _: argv(port), rate, FULL)[:4]
        rows.append(programs.guarded(row, name, argv(1)[0]))
    return measure.table("Race checks: servers, requests per second over native", ["server", "native requests/s", "mode locks", "mode full"],
                         rows)
