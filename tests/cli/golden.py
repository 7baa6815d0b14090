#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`detect report` on made-up reports of real binaries, compared with tests/cli/golden/*: text and JSON.

    golden.py BUILD_DIR            compares
    golden.py BUILD_DIR --update   writes what is printed now, to be read before it is committed
"""
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import race_reports
import report_file as r

HERE = os.path.dirname(os.path.abspath(__file__))


def build(folder):
    """Compiles the samples in the folder, by names relative to it."""
    for name in os.listdir(os.path.join(HERE, "samples")):
        shutil.copy(os.path.join(HERE, "samples", name), folder)
    run = lambda *command: subprocess.run(command, check=True, cwd=folder)
    run("gcc", "-g", "-O0", "-Wl,--build-id", "-pthread", "locks.c", "-o", "locks")
    run("gcc", "-g", "-O0", "-Wl,--build-id", "-pthread", "races.c", "-o", "races")
    run("strip", "-o", "races-bare", "races")
    run("g++", "-g", "-O0", "-Wl,--build-id", "-pthread", "queue.cc", "-o", "queue")
    run("objcopy", "--only-keep-debug", "locks", "locks.debug")
    for stripped in ("split", "bare"):
        run("strip", "--strip-unneeded", "-o", stripped, "locks")
    run("gcc", "-g", "-O0", "-rdynamic", "-Wl,--build-id", "-pthread", "locks.c", "-o", "dynamic")
    run("strip", "dynamic")


# Debug information that is written in other ways: the report is the same.
VARIANTS = {"clang": ["clang", "-g"], "dwarf4": ["gcc", "-g", "-gdwarf-4"], "no-pie": ["gcc", "-g", "-no-pie"],
            "split-dwarf": ["gcc", "-g", "-gsplit-dwarf"], "clang-split-dwarf": ["clang", "-g", "-gsplit-dwarf"]}


def variants():
    """{name: records} of those that can be built here."""
    found = {}
    for name, compiler in VARIANTS.items():
        if shutil.which(compiler[0]):
            subprocess.run(compiler + ["-O0", "-Wl,--build-id", "-pthread", "locks.c", "-o", name], check=True)
            b = r.Binary(name)
            b.path = os.path.abspath(name)
            found[name] = simple(b)
    return found


def lock_order(b, file="locks.c"):
    main = [b.line(file, "/* call */")]
    create = [b.line(file, "/* create */")]
    shelf = b.symbol("library", 8 + 5 * 48 + 8)
    return [
        r.thread(1), r.thread(2, "worker", 1, create),
        r.finding(1, "lock-order", "predicted", "%T0 and %T1 take %O0 and %O1 in opposite orders",
                  r.stack([b.line(file, "a before shelf")] + main, "acquired %O0", 1),
                  r.stack([b.line(file, "shelf after a")] + main, "then acquired %O1", 1),
                  r.stack([b.line(file, "shelf before a")], "acquired %O1", 2),
                  r.stack([b.line(file, "a after shelf")], "then acquired %O0", 2),
                  r.obj("mutex", 0x555500004040, 40, b.symbol("a_lock")),
                  r.obj("mutex", 0x555500004180, 40, shelf),
                  r.held(1, 0, [b.line(file, "a before shelf")] + main),
                  r.held(2, 1, [b.line(file, "shelf before a")]),
                  threads=[1, 2])]


def simple(b):
    return [r.hello(program=b.path, args=["locks", "-v"]), b.module(), *lock_order(b),
            r.stats(threads_seen=2, locks_seen=3, lock_orders=2), r.ended(3)]


def many(b):
    """One of each thing that a text has a form for."""
    file = "locks.c"
    made = [b.line(file, "/* made */"), b.line(file, "/* make */")]
    hidden = [b.line(file, "/* hidden */"), b.line(file, "/* once */")]
    return [
        r.hello(program=b.path, args=["locks"]), b.module(), *lock_order(b),
        r.finding(2, "deadlock", "certain", "%T0 and %T1 wait for each other: nothing of %O0 100% sure",
                  r.stack([b.line(file, "shelf after a"), b.line(file, "/* call */")], "waits for %O1", 1),
                  r.stack([b.line(file, "a after shelf")], "waits for %O0", 2),
                  r.obj("mutex", 0x555500004040, 40, b.symbol("a_lock")),
                  r.obj("mutex", 0x555500004180, 40, b.symbol("library", 8 + 5 * 48 + 8)),
                  threads=[1, 2], replaces=1),
        r.finding(3, "destroy-locked", "certain", "%T0 destroys %O0, which it holds",
                  r.stack([b.line(file, "/* take heap */")], "acquired here", 1),
                  r.obj("mutex", 0x7f0000001000, 40, None, made), threads=[1]),
        r.finding(4, "unlock-not-held", "certain", "%T0 unlocks %O0, %O9 and %T9",
                  r.stack(hidden, "unlocked here", 1),
                  r.obj("mutex", 0x555500004300, 40, b.symbol("hidden.0")),
                  r.obj("rwlock", 0x555500004200, 56, b.symbol("library", 8 + 6 * 48)),
                  r.obj("semaphore", 0x7ffe00000000, 32, None, None, False, 2), threads=[1]),
        r.count(4, 17),
        r.finding(5, "thread-leak", "possible", "%T0 was never joined", threads=[2]),
        r.finding(6, "signal-unlocked", "note", "a note", r.stack(hidden, "here", 1)),
        r.finding(7, "double-lock", "certain", "withdrawn", r.stack(hidden, "here", 1)),
        r.withdrawn(7),
        r.finding(8, "invalid-argument", "certain", "outside of everything",
                  r.stack([0x7f1234567890, 99 << 48 | 0x1234], "", 1)),
        r.limit("static-child", "a child was a static program", 3), r.limit("once", "said once"),
        r.stats(threads_seen=2, locks_seen=30, lock_orders=2, threads_peak=2), r.ended(0)]


def cplusplus(b):
    line = lambda text: b.line("queue.cc", text)
    push = line("// push")
    return [r.hello(program=b.path, args=["queue"]), b.module(), r.thread(1),
            r.finding(1, "double-lock", "certain", "%T0 waits for %O0, which it holds",
                      r.stack([push, line("// first"), line("// main")], "waits for %O0", 1),
                      r.stack([push, line("// second"), line("// main")], "acquired %O0", 1),
                      r.obj("mutex", 0x4000, 40, b.symbol("_ZN5store5queueE")),
                      r.obj("mutex", 0x4100, 40, b.symbol("_ZN5store5Queue6sharedE")), threads=[1]),
            r.ended(0)]


def child(b, pid, status=0):
    return [r.hello(pid=pid, program=b.path, args=["locks", "child"], parent=100, time=pid), b.module(),
            *lock_order(b), r.stats(threads_seen=2, locks_seen=3, lock_orders=2, threads_peak=pid % 10),
            r.ended(status)]


def cases(folder):
    """{name: ([files of records], [options])}"""
    b = r.Binary("locks")
    q = r.Binary("queue")
    at = lambda name: [b.module(os.path.join(folder, name)) if part == b.module() else part for part in simple(b)]
    races = r.Binary("races")
    b.path = os.path.join(folder, "locks")
    races.path = os.path.join(folder, "races")
    q.path = os.path.join(folder, "queue")
    debug = os.path.join(folder, "debug", ".build-id", b.build_id[:2])
    os.makedirs(debug)
    shutil.copy("locks.debug", os.path.join(debug, b.build_id[2:] + ".debug"))
    dynamic_main = int(next(line.split()[0] for line in r.run("nm", "-D", "dynamic").splitlines()
                            if line.endswith(" main")), 16)
    dynamic = [r.hello(args=["dynamic"]), record_module(folder, "dynamic"), r.thread(1),
               r.finding(1, "thread-leak", "certain", "%T0",
                         r.stack([1 << 48 | dynamic_main + 8, 1 << 48 | 0x100], "created", 1), threads=[1]),
               r.ended(0)]
    supp = os.path.join(folder, "supp")
    with open(supp, "w", encoding="utf-8") as file:
        file.write("# known\nlock-order function:take_* object:library.shelves*\n* object:nothing\n")
    debug_option = ["--debug-dir=" + os.path.join(folder, "debug")]
    return {
        **race_reports.cases(races, races.module(os.path.join(folder, "races-bare"))),
        "simple": ([simple(b)], []),
        "simple.json": ([simple(b)], ["--format=json"]),
        "many": ([many(b)], ["--notes", "--gen-suppressions"]),
        "many-quiet": ([many(b)], ["--quiet"]),
        "cplusplus": ([cplusplus(q)], []),
        "cplusplus.json": ([cplusplus(q)], ["--format=json"]),
        "children": ([simple(b), child(b, 101), child(b, 102)], []),
        "children.json": ([simple(b), child(b, 101), child(b, 102)], ["--format=json"]),
        "nothing": ([[r.hello(), r.stats(threads_seen=5, locks_seen=1, lock_orders=0), r.ended(0)]], []),
        "nothing-quiet": ([[r.hello(), r.limit("x", "y"), r.ended(0)]], ["--quiet"]),
        "suppressed": ([simple(b)], ["--suppressions=" + supp, "--gen-suppressions"]),
        "color": ([simple(b)], ["--color=always"]),
        "changed": ([[b.module(build_id="00" * 20) if part == b.module() else part for part in simple(b)]], []),
        "missing": ([at("gone")], []),
        "missing-debug-dir": ([at("gone")], debug_option),
        "stripped": ([at("bare")], []),
        "split-debug": ([at("split")], debug_option),
        "dynsym": ([dynamic], []),
        "hostile": ([[r.hello(args=["a\x1b[31mb"]), r.thread(1), r.thread(2, "x\x1b[2J\n"),
                      r.finding(1, "no\x07kind", "new", "%T0 \x1b[2J %T", threads=[2]), r.ended(0)]], []),
    }


def record_module(folder, name):
    path = os.path.join(folder, name)
    build_id = r.run("readelf", "-n", path).partition("Build ID: ")[2].split("\n")[0].strip()
    return r.record(r.MODULE, r.number(r.INDEX, 1), r.text(r.PATH, path), r.text(r.BUILD_ID, build_id))


def normal(text, folder):
    text = text.replace(folder, "DIR")
    text = re.sub(r'("offset": )\d+', r"\1N", text)
    return re.sub(r"\+0x[0-9a-f]+", "+0xN", text)


def show(detect, folder, name, files, options):
    paths = []
    for i, records in enumerate(files):
        paths.append(os.path.join(folder, f"{name}.{i}.report"))
        with open(paths[-1], "wb") as file:
            file.write(b"".join(records))
    done = subprocess.run([detect, "report"] + options + paths, cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return normal(done.stdout.decode(errors="backslashreplace"), folder) + f"[status {done.returncode}]\n"


def check(name, printed, update):
    path = os.path.join(HERE, "golden", name + ".txt")
    if update:
        with open(path, "w", encoding="utf-8") as file:
            file.write(printed)
        return True
    with open(path, encoding="utf-8") as file:
        wanted = file.read()
    sys.stdout.writelines(difflib.unified_diff(wanted.splitlines(True), printed.splitlines(True), path, "printed"))
    return printed == wanted


def suppressions_work(detect, folder):
    """What --gen-suppressions prints, each line alone, leaves out the finding that it was printed for."""
    paths = [os.path.join(folder, "races-global.0.report"), os.path.join(folder, "races-other.0.report")]
    report = lambda *options: json.loads(subprocess.run([detect, "report", "--format=json", *options, *paths], check=False,
                                                        stdout=subprocess.PIPE, text=True).stdout)["findings"]
    found = report("--gen-suppressions")
    fine = bool(found)
    for finding in found:
        with open(os.path.join(folder, "one"), "w", encoding="utf-8") as file:
            file.write(finding["suppression"] + "\n")
        left = report("--suppressions=" + os.path.join(folder, "one"))
        if finding["fingerprint"] in [other["fingerprint"] for other in left] or len(left) == 0:
            print("does not suppress just its finding:", finding["suppression"])
            fine = False
    return fine


def main():
    detect = os.path.abspath(os.path.join(sys.argv[1], "cli", "detect"))
    update = "--update" in sys.argv
    with tempfile.TemporaryDirectory() as folder:
        folder = os.path.realpath(folder)
        build(folder)
        os.chdir(folder)
        results = [check(name, show(detect, folder, name, *case), update) for name, case in cases(folder).items()]
        results.append(suppressions_work(detect, folder))
        for words in (["list"], ["list", "deadlock"], ["list", "--format=json", "race"], ["--help"]):
            done = subprocess.run([detect] + words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            results.append(check("-".join(word.strip("-").replace("=", "-") for word in words), done.stdout, update))
        results += [check("simple", show(detect, folder, name, [records], []), False)
                    for name, records in variants().items()]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
