# SPDX-License-Identifier: MIT
"""Cases around compilers: programs compiled here for what no packaged program shows, and linkers with threads."""

import os

from programs import HERE, digest, read


PKG_CONFIG_DIRECTORY = "/usr/lib/x86_64-linux-gnu/pkgconfig"


class Compiled:
    """A program of this folder, with several ways to compile it."""

    COMPARED = "bytes of the output, status"

    def __init__(self, name, source, work, flags, compilers, libraries=None):
        """`libraries`: pkg-config's names of them, each with Debian's package."""
        self.NAME, self.WORK, self.source = name, work, os.path.join(HERE, source)
        self.flags, self.compilers, self.libraries = flags, compilers, libraries or {}
        self.NEEDS = {compiler: {"clang++": "clang"}.get(compiler, compiler) for compiler, _ in compilers}
        self.NEEDS |= {f"{PKG_CONFIG_DIRECTORY}/{library}.pc": package for library, package in self.libraries.items()}

    def run(self, context):
        results = []
        for compiler, level in self.compilers:
            binary = os.path.join(context.shared, f"{compiler}{level}")
            if not os.path.exists(binary):
                more = context.plain(["pkg-config", "--cflags", "--libs", *self.libraries]).decode() if self.libraries else ""
                context.plain([compiler, level, *self.flags, self.source, "-o", binary, "-pthread", *more.split()])
            results.append(context.run([binary], env={"OMP_NUM_THREADS": "4"}))
        return {
            "status": [r.status for r in results],
            "output": [r.stdout for r in results],
            "errors": [r.stderr for r in results],
        }


class Linker:
    """Links a C++ program with debug information, with four threads."""

    COMPARED = "bytes of the linked program, status, the linked program runs"

    def __init__(self, name, package, flag, threads):
        self.NAME, self.NEEDS = name, {name: package, "g++": "g++"}
        self.flag, self.threads = flag, threads
        self.WORK = f"`g++ {flag} {threads}` of a C++ program with debug information"

    def run(self, context):
        objects = []
        for source in ("cxx_threads.cc", "cxx_calls.cc"):
            objects.append(os.path.join(context.shared, source + ".o"))
            if not os.path.exists(objects[-1]):
                context.plain(
                    ["g++", "-std=c++20", "-O1", "-g", "-c", os.path.join(HERE, source), "-o", objects[-1]]
                )
        results, linked = [], []
        for source in objects:
            binary = context.path("linked")
            results.append(context.run(["g++", self.flag, self.threads, source, "-o", binary, "-pthread"]))
            linked.append(digest(read(binary)))
        return {
            "status": [r.status for r in results],
            "errors": [r.stderr for r in results],
            "linked": linked,
            "runs": context.plain([binary, "100"]),
        }


CASES = [
    Compiled(
        "c++",
        "cxx_threads.cc",
        "exceptions, std::async, promises, condition variables, shared_mutex, virtual calls",
        ["-std=c++20", "-g"],
        [("g++", "-O2"), ("g++", "-O0"), ("clang++", "-O2")],
    ),
    Compiled(
        "openmp",
        "openmp_loops.c",
        "parallel loops, reductions, tasks, critical and ordered sections, 4 threads",
        ["-fopenmp"],
        [("gcc", "-O2"), ("gcc", "-O3")],
    ),
    Compiled(
        "urcu",
        "urcu_structures.c",
        "Userspace RCU: hash table, queue, stack, call_rcu, 4 threads",
        ["-g"],
        [("gcc", "-O2"), ("gcc", "-O0")],
        {"liburcu": "liburcu-dev", "liburcu-cds": "liburcu-dev"},
    ),
    Compiled(
        "ck",
        "ck_structures.c",
        "Concurrency Kit: locks, ring, FIFO, stack, sequence lock, barrier, epochs, 4 threads",
        ["-g"],
        [("gcc", "-O2"), ("gcc", "-O0")],
        {"ck": "libck-dev"},
    ),
    Compiled(
        "glib",
        "glib_pools.c",
        "GLib: thread pool, queues, locks, once, main loop, 4 threads",
        ["-g"],
        [("gcc", "-O2"), ("gcc", "-O0")],
        {"glib-2.0": "libglib2.0-dev"},
    ),
    Compiled(
        "tbb",
        "tbb_structures.cc",
        "oneTBB: loops, reductions, sorting, pipeline, task groups, containers, 4 threads",
        ["-std=c++17", "-g"],
        [("g++", "-O2")],
        {"tbb": "libtbb-dev"},
    ),
    Linker("mold", "mold", "-fuse-ld=mold", "-Wl,--thread-count=4"),
    Linker("ld.lld", "lld", "-fuse-ld=lld", "-Wl,--threads=4"),
]
