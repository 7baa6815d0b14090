# SPDX-License-Identifier: MIT
"""Cases that run to an end by themselves: compressors, git, stress-ng, sqlite, interpreters, searching, sorting."""

import hashlib
import os
import random
import re

HERE = os.path.dirname(os.path.abspath(__file__))


def digest(data):
    return f"{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def input_file(context, mebibytes=8):
    """Text-like data, the same every time, made once for both runs."""
    path = os.path.join(context.shared, f"input-{mebibytes}")
    if not os.path.exists(path):
        rng = random.Random(2)
        words = ["".join(rng.choices("etaoinshrdlu", k=rng.randrange(2, 9))) for _ in range(3000)]
        with open(path, "w", encoding="ascii") as file:
            for _ in range(mebibytes):
                file.write("\n".join(rng.choices(words, k=180_000))[:1 << 20] + "\n")
    return path


class Compressor:
    """Compresses and decompresses with threads; both outputs are deterministic."""

    COMPARED = "packed bytes, unpacked bytes, messages, status"

    def __init__(self, name, package, compress, decompress, mebibytes=8):
        self.NAME, self.NEEDS = name, {compress[0]: package}
        self.compress, self.decompress, self.mebibytes = compress, decompress, mebibytes
        self.WORK = f"`{' '.join(compress)}` of {mebibytes} MiB, and back"

    def run(self, context):
        source = input_file(context, self.mebibytes)
        packed = context.run([*self.compress, source])
        with open(context.path("packed"), "wb") as file:
            file.write(packed.stdout)
        with open(context.path("packed"), "rb") as file:
            unpacked = context.run(self.decompress, stdin=file)
        with open(source, "rb") as file:
            whole = unpacked.stdout == file.read()
        return {"status": (packed.status, unpacked.status), "packed": digest(packed.stdout),
                "round trip": whole, "stderr": packed.stderr + unpacked.stderr}


class Archiver:
    """7zz: an archive of a folder, tested and unpacked; dates are left out, so that it has the same bytes each time."""

    NAME, NEEDS = "7zz", {"7zz": "7zip"}
    WORK = "LZMA2 and bzip2 archives of 1 MiB, 4 threads; test, extract"
    COMPARED = "archive, messages, extracted bytes, status"

    def run(self, context):
        source, results = input_file(context, 1), []
        for method in ("LZMA2:c=256k", "BZip2"):
            archive = context.path(method + ".7z")
            how = ["-mmt4", f"-m0={method}", "-mx3", "-ms=off", "-mtm-", "-bd"]
            results += [context.run(["7zz", "a", *how, archive, source]),
                        context.run(["7zz", "t", "-mmt4", archive]),
                        context.run(["7zz", "e", "-so", "-mmt4", archive])]
        return {"status": [r.status for r in results], "errors": [r.stderr for r in results],
                "said": [b"Everything is Ok" in r.stdout for r in results[:-1]],
                "extracted": [digest(r.stdout) for r in results[2::3]],
                "archives": [digest(read(context.path(m + ".7z"))) for m in ("LZMA2:c=256k", "BZip2")]}


class Git:
    """Repacks a generated repository with four threads; the pack's bytes depend on timing, its objects
    must not."""

    NAME, NEEDS = "git", {"git": "git"}
    WORK = "`repack -adf` with pack.threads=4, grep (also `-P`), status, log, index-pack"
    COMPARED = "objects in the pack, fsck and verify-pack, bytes of every output, status"

    def run(self, context):
        repository = self.make_repository(context)
        git = ["git", "-C", repository, "-c", "pack.threads=4", "-c", "grep.threads=4", "-c", "index.threads=4",
               "-c", "core.preloadIndex=true"]
        results = [context.run([*git, *args]) for args in (
            ["repack", "-q", "-adf", "--window=30", "--depth=30"],
            ["grep", "-c", "line 7"],
            ["grep", "-nP", r"line (\d)\1 4[0-9]$"],
            ["status", "--short"],
            ["log", "--format=%H %s", "--stat"])]
        pack = next(f for f in os.listdir(f"{repository}/.git/objects/pack") if f.endswith(".pack"))
        indexed = context.run([*git, "index-pack", "--threads=4", "-o", context.path("again.idx"),
                               f".git/objects/pack/{pack}"])
        objects = context.plain(["git", "-C", repository, "cat-file", "--batch-all-objects",
                                 "--batch-check=%(objectname) %(objecttype) %(objectsize)"])
        context.plain(["git", "-C", repository, "fsck", "--strict"])
        context.plain(["git", "-C", repository, "verify-pack", f".git/objects/pack/{pack}"])
        return {"status": [r.status for r in results] + [indexed.status],
                "output": [digest(r.stdout) for r in results], "errors": [r.stderr for r in results],
                "objects": digest(objects), "pack indexed": indexed.stdout.strip().decode() in pack}

    @staticmethod
    def make_repository(context):
        rng = random.Random(3)
        repository = context.path("repository")
        stream = []
        for commit in range(40):
            stream.append(f"commit refs/heads/main\ncommitter A <a@example.org> {1700000000 + commit} +0000\n"
                          f"data 9\ncommit {commit:02}\n")
            for _ in range(25):
                text = "".join(f"line {i} {rng.randrange(50)}\n" for i in range(rng.randrange(20, 400)))
                stream.append(f"M 644 inline d{rng.randrange(9)}/f{rng.randrange(60)}\n"
                              f"data {len(text)}\n{text}\n")
        with open(context.path("stream"), "w", encoding="ascii") as file:
            file.write("".join(stream))
        context.plain(["git", "init", "-q", "-b", "main", repository])
        with open(context.path("stream"), "rb") as file:
            context.plain(["git", "-C", repository, "fast-import", "--quiet"], stdin=file)
        context.plain(["git", "-C", repository, "reset", "-q", "--hard"])
        return repository


class StressNg:
    """One stressor for a short time; it checks itself. A count of operations would not do: with real-time
    priorities the first thread can do them all before its creator gets to run."""

    COMPARED = "its own verification, status"

    def __init__(self, stressor):
        self.WORK = f"`--{stressor} 2 --verify` for ten seconds"
        self.NAME, self.NEEDS = f"stress-ng-{stressor}", {"stress-ng": "stress-ng"}
        self.FROM_START = stressor == "futex"  # which has processes, not threads
        self.argv = ["stress-ng", f"--{stressor}", "2", "--verify", "--timeout", "10"]

    def run(self, context):
        result = context.run([*self.argv, "--temp-path", context.directory])
        said = re.findall(r"(successful|fail.*|error.*)", (result.stdout + result.stderr).decode())
        return {"status": result.status, "said": said}


class Sqlite:
    """tests/real/sqlite_threads.c: four threads with their own connections to one database, and four with
    a shared one."""

    NAME, WORK = "sqlite", "four connections to one file, then four threads on one connection"
    COMPARED = "bytes of the output, status"
    NEEDS = {"gcc": "gcc", "/usr/include/sqlite3.h": "libsqlite3-dev"}

    def run(self, context):
        binary = context.path("sqlite_threads")
        context.plain(["gcc", "-O2", "-g", "-D_GNU_SOURCE", "-pthread",
                       os.path.join(HERE, "sqlite_threads.c"), "-o", binary, "-lsqlite3"])
        result = context.run([binary, context.path("data.db")])
        return {"status": result.status, "output": result.stdout, "errors": result.stderr}


class Python:
    """tests/real/python_threads.py in Debian's Python."""

    NAME, NEEDS = "python3", {"/usr/bin/python3": "python3"}
    WORK, COMPARED = "locks, conditions, queues, pools, barriers, timers, sqlite3, zlib", "bytes of the output, status"

    def run(self, context):
        result = context.run(["/usr/bin/python3", os.path.join(HERE, "python_threads.py")])
        return {"status": result.status, "output": result.stdout, "errors": result.stderr}


class Sort:
    """GNU sort with four threads, and its race (docs/real-programs.md)."""

    WORK, COMPARED = "4 MiB, 4 threads", "bytes of the output, status"

    NAME, NEEDS = "sort", {"sort": "coreutils"}
    RACES = {"race"}

    def run(self, context):
        result = context.run(["sort", "--parallel=4", "-S", "64M", input_file(context, 4)],
                             env={"LC_ALL": "C"})
        return {"status": result.status, "output": digest(result.stdout), "errors": result.stderr}


class Script:
    """A program of some interpreter, given on its command line, with threads of its own; prints the same each time."""

    COMPARED = "bytes of the output, status"

    def __init__(self, name, package, work, argv):
        self.FROM_START = name == "bat"  # which has no thread for this
        self.NAME, self.NEEDS, self.WORK, self.argv = name, {argv[0]: package}, work, argv

    def run(self, context):
        result = context.run(self.argv)
        return {"status": result.status, "output": result.stdout, "errors": result.stderr}


PERL = """use threads; use threads::shared; use Thread::Queue; my $sum :shared = 0; 
my $q = Thread::Queue->new(1..400); $q->end;
my @t = map { threads->create(sub { while (defined(my $n = $q->dequeue)) { my %h = map { $_ => $_ * $n } 1..50;
my $s = 0; $s += $h{$_} for sort keys %h; $s =~ s/(\\d)/$1/g; lock $sum; $sum += $s } threads->tid }) } 1..4;
print join(",", sort map { $_->join } @t), " $sum\n";"""

RUBY = """q = Queue.new; 300.times { |i| q << i }; m = Mutex.new; sum = 0
t = 4.times.map { Thread.new { loop { n = q.pop(true) rescue break; 
s = (1..n).map { |x| x.to_s * 3 }.sort.join.scan(/[1-5]+/).size
m.synchronize { sum += s } } } }; t.each(&:join); puts sum
f = Fiber.new { 10.times { |i| Fiber.yield i * i } }; puts 10.times.map { f.resume }.inspect
begin; Thread.new { Thread.current.report_on_exception = false; raise 'x' }.join; rescue => e; puts e.message; end"""


class Searcher:
    """ripgrep or fd over the system's own headers: which thread prints first is chance, the lines are not."""

    COMPARED = "sorted lines, status"

    def __init__(self, name, package, argvs):
        self.NAME, self.NEEDS, self.argvs = name, {argvs[0][0]: package}, argvs
        self.WORK = "; ".join(f"`{' '.join(argv)}`" for argv in argvs)

    def run(self, context):
        results = [context.run(argv, cwd="/usr/include") for argv in self.argvs]
        return {"status": [r.status for r in results], "errors": [r.stderr for r in results],
                "lines": [digest(b"\n".join(sorted(r.stdout.splitlines()))) for r in results]}


CASES = [
    Compressor("pigz", "pigz", ["pigz", "-p4", "-c"], ["pigz", "-d", "-c"], 4),
    Compressor("pbzip2", "pbzip2", ["pbzip2", "-q", "-p4", "-c"], ["pbzip2", "-q", "-p4", "-d", "-c"], 4),
    Compressor("lbzip2", "lbzip2", ["lbzip2", "-n4", "-c"], ["lbzip2", "-n4", "-d", "-c"], 4),
    Compressor("xz", "xz-utils", ["xz", "-T4", "-2", "--block-size=256KiB", "-c"], ["xz", "-T4", "-d", "-c"], 2),
    Compressor("zstd", "zstd", ["zstd", "-q", "-T4", "-6", "-B512K", "-c"], ["zstd", "-q", "-d", "-c"], 4),
    Compressor("zstd-19", "zstd", ["zstd", "-q", "-T4", "-19", "--long", "-B512K", "-c"],
               ["zstd", "-q", "-d", "--long", "-c"], 1),
    Compressor("plzip", "plzip", ["plzip", "-n4", "-3", "-B256Ki", "-c"], ["plzip", "-n4", "-d", "-c"], 2),
    Compressor("pixz", "pixz", ["pixz", "-p4", "-2", "-i"], ["pixz", "-d", "-p4"], 2),
    Archiver(), Git(), StressNg("mutex"), StressNg("sem"), StressNg("pthread"), StressNg("futex"),
    Sqlite(), Python(), Sort(),
    Script("perl", "perl", "ithreads: a queue, a shared sum, hashes, regular expressions", ["perl", "-e", PERL]),
    Script("ruby", "ruby", "threads, queues, fibers, exceptions", ["ruby", "-e", RUBY]),
    Searcher("ripgrep", "ripgrep", [["rg", "-j4", "-n", r"define\s+\w*MAX"], ["rg", "-j4", "-c", "-i", "struct"],
                                    ["rg", "-j4", "-l", "-w", "FILE"]]),
    Searcher("fd", "fd-find", [["fdfind", "-j4", "-e", "h"], ["fdfind", "-j4", "-t", "d", "s[ys]"]]),
    Script("bat", "bat", "a C source with syntax highlighting",
           ["batcat", "--color=always", "--paging=never", "--style=plain", os.path.join(HERE, "sqlite_threads.c")]),
]
