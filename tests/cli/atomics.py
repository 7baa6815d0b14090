#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which instructions are taken for atomic operations: exactly those that the source says, whatever compiler, optimisation
and version of DWARF; and that the cache of what was found is never trusted, nor in the way."""
import glob
import json
import os
import shutil
import subprocess
import unittest

from common import LIBRARY, Case

# Each line's comment says what must be found there: "= rule: what, …"; elsewhere nothing may be. `short`, `int` and
# `long` have other sizes, so that what belongs to the operation is told from its neighbours on the line.
SOURCE = r"""
#include <stdatomic.h>
#define NOINLINE __attribute__((noinline, noclone))
#define READ(where) __atomic_load_n(&(where), __ATOMIC_RELAXED)
#define TWICE(value) ((value) + (value))
#define CHECK(condition) do { if (!(condition)) fails++; } while (0)
struct inner { int plain; short word; struct inner *next; };
struct outer { _Atomic int counted; int plain; struct inner *inner; _Atomic(struct inner *) shared; };
static atomic_int word; static int plain, other; static long result; static volatile int fails; static short half;
NOINLINE void choose(void) { plain = atomic_load_explicit(&word, memory_order_acquire) ? other : 0; } // = name: load of 4
NOINLINE void chain(struct outer *o) { result += __atomic_load_n(&o->inner->word, __ATOMIC_ACQUIRE) + o->inner->plain; } // = name: load of 2
NOINLINE void put(struct outer *o) { __atomic_store_n(&o->inner->word, half, __ATOMIC_RELEASE); } // = name: store of 2
NOINLINE void macro(struct outer *o) { result += READ(o->inner->word) + o->plain; } // = name: load of 2
NOINLINE void inside(void) { CHECK(atomic_load_explicit(&word, memory_order_relaxed) >= plain); } // = name: load of 4
NOINLINE void by_type(struct outer *o) { result += o->counted; } // = type: load of 4
NOINLINE void by_name(void) { result += word + plain; } // = type: load of 4
NOINLINE void pointer(struct outer *o) { result += o->shared->plain; } // = type: load of 8
NOINLINE void relaxed(void) { atomic_store_explicit(&word, plain, memory_order_relaxed); } // = name: store of 4
NOINLINE void lines(struct outer *o)
{
    __atomic_store_n( // = name: store of 2
        &o->inner->word, // ?
        half, // ?
        __ATOMIC_RELEASE); // ?
}
NOINLINE void exchanged(void) { atomic_exchange(&word, plain); } // = instruction: read-modify-write of 4
NOINLINE void added(void) { atomic_fetch_add(&word, 3); } // = instruction: read-modify-write of 4
NOINLINE void ordinary(struct outer *o) { o->plain = other + o->inner->plain + TWICE(plain); o->inner = o->inner->next; }
NOINLINE void counted(void) { result++; plain += other; }
int main(void)
{
    struct inner second = {1, 1, 0}, first = {1, 1, &second};
    struct outer o = {.plain = 1, .inner = &first}; // ?
    atomic_init(&o.shared, &second); // ?
    first.next = &first;
    choose(), chain(&o), put(&o), macro(&o), inside(), by_type(&o), by_name(), pointer(&o);
    relaxed(), lines(&o), exchanged(), added(), ordinary(&o), counted();
    return 0;
}
"""

BUILDS = [[compiler, "-g", level] for compiler in ("gcc", "clang") for level in ("-O0", "-O1", "-O2", "-O3")]
BUILDS += [["gcc", "-gdwarf-4", "-O1"], ["clang", "-gdwarf-4", "-O2"], ["gcc", "-g", "-O2", "-flto", "-DLOOSE"],
           ["gcc", "-g", "-O2", "-no-pie"], ["gcc", "-g", "-O1", "-gno-column-info", "-DLOOSE"]]


def expected():
    """{line: (may, must)}"""
    lines = {}
    for number, line in enumerate(SOURCE.lstrip("\n").split("\n"), 1):
        _, marked, text = line.rpartition("// ")
        if marked:
            lines[number] = text.strip()
    return lines


class Atomics(Case):
    def explained(self, binary, env=None):
        status, out, err = self.detect("run", "--explain-atomics", "--translate=start", "--format=json", "--output=report",
                                       "--", binary, env=env)
        self.assertEqual((status, out), (0, ""), err)
        with open(self.path("report"), encoding="utf-8") as file:
            return [entry for entry in json.load(file).get("atomics", []) if entry["module"] == "sample"]

    def judge(self, entries, loose):
        found = {}
        for entry in entries:
            self.assertIsNotNone(entry["file"], entry)
            found.setdefault(entry["line"], []).append(f"{entry['rule']}: {entry['what'].rsplit(' ', 1)[0]}")
        complaints = []
        for line, text in expected().items():
            got = found.pop(line, [])
            for follows in range(line + 1, line + 4): # one operation's operands
                if expected().get(follows) == "?" and text != "?":
                    got += found.pop(follows, [])
            if text == "?" or loose:
                continue
            if not got or set(got) != {text.removeprefix("= ")}:
                complaints.append(f"line {line}: {got}, not {text}")
        complaints += [f"line {line}: {got}, not nothing" for line, got in found.items() if got != ["volatile"]
                       and not all(what.startswith("volatile") for what in got)]
        return complaints

    def build(self, command):
        self.write("sample.c", SOURCE.lstrip("\n"))
        subprocess.run(command + ["sample.c", "-o", "sample"], check=True, cwd=self.folder)
        return self.path("sample")

    def test_builds(self):
        for command in BUILDS:
            if not shutil.which(command[0]):
                continue
            with self.subTest(" ".join(command)):
                entries = self.explained(self.build(command))
                self.assertEqual(self.judge(entries, "-DLOOSE" in command), [])

    def test_separate_debug_file(self):
        binary = self.build(["gcc", "-g", "-O2", "-Wl,--build-id"])
        subprocess.run(["objcopy", "--only-keep-debug", "sample", "sample.debug"], check=True, cwd=self.folder)
        subprocess.run(["objcopy", "--strip-debug", "--add-gnu-debuglink=sample.debug", "sample"], check=True, cwd=self.folder)
        self.assertEqual(self.judge(self.explained(binary), False), [])

    def test_without_debug_information(self):
        binary = self.build(["gcc", "-O2"])
        self.assertEqual({entry["rule"] for entry in self.explained(binary)}, {"instruction"})

    def test_cache(self):
        binary = self.build(["gcc", "-g", "-O1", "-Wl,--build-id"])
        env = {"XDG_CACHE_HOME": self.path("cache")}
        first = self.explained(binary, env)
        files = glob.glob(self.path("cache/detect/*.atomics"))
        self.assertTrue(files)
        self.assertEqual(os.stat(self.path("cache/detect")).st_mode & 0o777, 0o700)
        self.assertEqual(self.explained(binary, env), first)
        for name in files:
            with open(name, "r+b") as file:
                content = bytearray(file.read())
                content[len(content) // 2] ^= 1
                file.seek(0)
                file.write(content)
        self.assertEqual(self.explained(binary, env), first)
        for name in files:
            with open(name, "wb") as file:
                file.write(b"garbage")
        self.assertEqual(self.explained(binary, env), first)

    def test_source_that_comes_later(self):
        """What was made without its source is made again when that is there."""
        binary = self.build(["gcc", "-g", "-O1", "-Wl,--build-id"])
        env = {"XDG_CACHE_HOME": self.path("cache")}
        os.rename(self.path("sample.c"), self.path("hidden.c"))
        self.assertNotIn("name", {entry["rule"] for entry in self.explained(binary, env)})
        os.rename(self.path("hidden.c"), self.path("sample.c"))
        self.assertEqual(self.judge(self.explained(binary, env), False), [])

    def test_no_cache(self):
        binary = self.build(["gcc", "-g", "-O1"])
        env = {"XDG_CACHE_HOME": "/proc/nowhere", "HOME": "/proc/nowhere"}
        self.assertEqual(self.judge(self.explained(binary, env), False), [])

    def test_by_hand(self):
        binary = self.build(["gcc", "-g", "-O1"])
        env = dict(os.environ, LD_PRELOAD=LIBRARY, DETECT_OPTIONS="translate=start output=by-hand explain-atomics")
        subprocess.run([binary], cwd=self.folder, check=True, env=env, stderr=subprocess.DEVNULL)
        status, out, _ = self.detect("report", "--format=json", self.path("by-hand"))
        document = json.loads(out)
        self.assertEqual(status, 0)
        self.assertIn("no-atomics", [limit["code"] for limit in document["limits"]])
        self.assertEqual({entry["rule"] for entry in document["atomics"]}, {"instruction"})


if __name__ == "__main__":
    unittest.main()
