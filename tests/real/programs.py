# SPDX-License-Identifier: MIT
"""Cases that run to an end by themselves: compressors, git, stress-ng, sqlite, Python, sort."""

import hashlib
import os
import random
import re

HERE = os.path.dirname(os.path.abspath(__file__))


def digest(data):
    return f"{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}"


def input_file(context, mebibytes=8):
    """Text-like data, the same every time, made once for both runs."""
    path = os.path.join(context.shared, "input")
    if not os.path.exists(path):
        rng = random.Random(2)
        words = ["".join(rng.choices("etaoinshrdlu", k=rng.randrange(2, 9))) for _ in range(3000)]
        with open(path, "w", encoding="ascii") as file:
            for _ in range(mebibytes):
                file.write("\n".join(rng.choices(words, k=180_000))[:1 << 20] + "\n")
    return path


class Compressor:
    """Compresses and decompresses with threads; both outputs are deterministic."""

    def __init__(self, name, package, compress, decompress):
        self.NAME, self.NEEDS = name, {compress[0]: package}
        self.compress, self.decompress = compress, decompress

    def run(self, context):
        source = input_file(context)
        packed = context.run([*self.compress, source])
        with open(context.path("packed"), "wb") as file:
            file.write(packed.stdout)
        with open(context.path("packed"), "rb") as file:
            unpacked = context.run(self.decompress, stdin=file)
        with open(source, "rb") as file:
            whole = unpacked.stdout == file.read()
        return {"status": (packed.status, unpacked.status), "packed": digest(packed.stdout),
                "round trip": whole, "stderr": packed.stderr + unpacked.stderr}


class Git:
    """Repacks a generated repository with four threads; the pack's bytes depend on timing, its objects
    must not."""

    NAME, NEEDS = "git", {"git": "git"}

    def run(self, context):
        repository = self.make_repository(context)
        git = ["git", "-C", repository, "-c", "pack.threads=4", "-c", "grep.threads=4", "-c", "index.threads=4",
               "-c", "core.preloadIndex=true"]
        results = [context.run([*git, *args]) for args in (
            ["repack", "-q", "-adf", "--window=30", "--depth=30"],
            ["grep", "-c", "line 7"],
            ["status", "--short"],
            ["log", "--format=%H %s", "--stat"])]
        pack = next(f for f in os.listdir(f"{repository}/.git/objects/pack") if f.endswith(".pack"))
        indexed = context.run([*git, "index-pack", "--threads=4", "-o", context.path("again.idx"),
                               f".git/objects/pack/{pack}"])
        objects = context.plain(["git", "-C", repository, "cat-file", "--batch-all-objects",
                                 "--batch-check=%(objectname) %(objecttype) %(objectsize)"])
        context.plain(["git", "-C", repository, "fsck", "--strict"])
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

    def __init__(self, stressor):
        self.NAME, self.NEEDS = f"stress-ng-{stressor}", {"stress-ng": "stress-ng"}
        self.argv = ["stress-ng", f"--{stressor}", "2", "--verify", "--timeout", "2"]

    def run(self, context):
        result = context.run([*self.argv, "--temp-path", context.directory])
        said = re.findall(r"(successful|fail.*|error.*)", (result.stdout + result.stderr).decode())
        return {"status": result.status, "said": said}


class Sqlite:
    """tests/real/sqlite_threads.c: four threads with their own connections to one database, and four with
    a shared one."""

    NAME = "sqlite"
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

    def run(self, context):
        result = context.run(["/usr/bin/python3", os.path.join(HERE, "python_threads.py")])
        return {"status": result.status, "output": result.stdout, "errors": result.stderr}


class Sort:
    """GNU sort with four threads."""

    NAME, NEEDS = "sort", {"sort": "coreutils"}

    def run(self, context):
        result = context.run(["sort", "--parallel=4", "-S", "64M", input_file(context)],
                             env={"LC_ALL": "C"})
        return {"status": result.status, "output": digest(result.stdout), "errors": result.stderr}


CASES = [
    Compressor("pigz", "pigz", ["pigz", "-p4", "-c"], ["pigz", "-d", "-c"]),
    Compressor("pbzip2", "pbzip2", ["pbzip2", "-q", "-p4", "-c"], ["pbzip2", "-q", "-p4", "-d", "-c"]),
    Compressor("xz", "xz-utils", ["xz", "-T4", "-2", "--block-size=1MiB", "-c"], ["xz", "-T4", "-d", "-c"]),
    Compressor("zstd", "zstd", ["zstd", "-q", "-T4", "-9", "-c"], ["zstd", "-q", "-d", "-c"]),
    Git(), StressNg("mutex"), StressNg("sem"), StressNg("pthread"), StressNg("futex"),
    Sqlite(), Python(), Sort(),
]
