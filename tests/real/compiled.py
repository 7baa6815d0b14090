# SPDX-License-Identifier: MIT
"""Cases around compilers: programs compiled here for what no packaged program shows, and linkers with threads."""

import os

from programs import HERE, digest, read


class Compiled:
    """A program of this folder, with several ways to compile it."""

    COMPARED = "bytes of the output, status"

    def __init__(self, name, source, work, flags, compilers):
        self.NAME, self.WORK, self.source = name, work, os.path.join(HERE, source)
        self.flags, self.compilers = flags, compilers
        self.NEEDS = {compiler: {"clang++": "clang"}.get(compiler, compiler) for compiler, _ in compilers}

    def run(self, context):
        results = []
        for compiler, level in self.compilers:
            binary = os.path.join(context.shared, f"{compiler}{level}")
            if not os.path.exists(binary):
                context.plain([compiler, level, *self.flags, self.source, "-o", binary, "-pthread"])
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
    Linker("mold", "mold", "-fuse-ld=mold", "-Wl,--thread-count=4"),
    Linker("ld.lld", "lld", "-fuse-ld=lld", "-Wl,--threads=4"),
]
