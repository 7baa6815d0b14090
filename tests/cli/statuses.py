#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Statuses of `detect run`, what it refuses to run and why, and what the program sees of it."""
import json
import os
import shutil
import subprocess
import unittest

from common import BUILD, DETECT, LIBRARY, Case, main

LOOK = """
#include <fcntl.h>
#include <stdio.h>
int main(void)
{
    for (int fd = 0; fd < 500; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf("%d ", fd);
    return 0;
}
"""
ORDER = """
#include <pthread.h>
#include <stdlib.h>
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static void *leave_locked(void *arg) { pthread_mutex_lock(&a); return arg; }
int main(int argc, char **argv)
{
    pthread_t thread;
    (void)b;
    pthread_create(&thread, NULL, leave_locked, NULL);
    pthread_join(thread, NULL);
    return argc > 1 ? atoi(argv[1]) : 0;
}
"""
# Two threads that hand a turn to and fro; after a second, the next one to wait is killed.
KILLED = """
#include <pthread.h>
#include <signal.h>
#include <time.h>
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static long turn;
static void *work(void *mine)
{
    time_t began = time(NULL);
    for (;;) {
        pthread_mutex_lock(&m);
        while (turn != (long)mine)
            pthread_cond_wait(&c, &m);
        turn = !turn;
        pthread_cond_broadcast(&c);
        pthread_mutex_unlock(&m);
        if (time(NULL) > began + 2)
            raise(SIGKILL);
    }
}
int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, work, (void *)1);
    work((void *)0);
}
"""
FINE = "int main(int argc, char **argv) { (void)argv; return argc - 1; }"


class Statuses(Case):
    def test_own_status(self):
        fine = self.compile("fine", FINE)
        self.assertEqual(self.detect("run", fine)[0], 0)
        self.assertEqual(self.detect("run", "--", fine, "--mode", "x")[0], 2)
        self.assertEqual(self.detect("run", "sh", "-c", "kill -9 $$")[0], 128 + 9)
        self.assertEqual(self.detect("run", "sh", "-c", "exit 200")[0], 200)

    def test_findings(self):
        program = self.compile("order", ORDER)
        self.assertEqual(self.detect("run", program, "5")[0], 66)
        self.assertEqual(self.detect("run", "--exit-code=9", program, "5")[0], 9)
        self.assertEqual(self.detect("run", "--exit-code", "0", program, "5")[0], 0)
        self.assertEqual(self.detect("run", "--fail-on=never", program, "5")[0], 5)
        self.assertEqual(self.detect("run", program, env={"DETECT_OPTIONS": "exit-code=8"})[0], 8)
        self.assertEqual(self.detect("run", "--exit-code=7", program, env={"DETECT_OPTIONS": "exit-code=8"})[0], 7)

    def test_killed_programs_have_been_counted(self):
        status, _, error = self.detect("run", self.compile("killed", KILLED))
        self.assertEqual(status, 128 + 9)
        self.assertIn("nothing found; 2 threads, 1 lock", error)
        self.assertIn("no-end", error)

    def test_child_status_untouched(self):
        program = self.compile("order", ORDER)
        status, out, _ = self.detect("run", "sh", "-c", f"{program} 5; echo $?")
        self.assertEqual((status, out), (66, "5\n"))

    def test_program_is_not_to_be_found(self):
        for name in ("no-such-program-here", "./nothing", "/etc/passwd/x", ""):
            status, _, err = self.detect("run", name)
            self.assertEqual(status, 127, name)
            self.one_line(err, "no such program")

    def test_search_like_a_shell(self):
        os.makedirs(self.path("one"))
        os.makedirs(self.path("two/tool"))
        self.write("one/tool", "#!/bin/sh\nexit 3\n", 0o644)
        os.makedirs(self.path("three"))
        self.write("three/tool", "#!/bin/sh\nexit 4\n", 0o755)
        path = "one:two:three"
        self.assertEqual(self.detect("run", "tool", env={"PATH": path})[0], 4)
        self.assertEqual(self.detect("run", "tool", env={"PATH": "one:two"})[0], 126)
        self.write("here", "#!/bin/sh\nexit 5\n", 0o755)
        self.assertEqual(self.detect("run", "here", env={"PATH": "one:"})[0], 5)
        self.assertEqual(self.detect("run", "here", env={"PATH": "one"})[0], 127)

    def test_not_executable(self):
        self.one_line(self.detect("run", self.write("plain", "text"))[2], "cannot be executed", "Permission denied")
        self.assertEqual(self.detect("run", self.path("plain"))[0], 126)
        status, _, err = self.detect("run", self.folder)
        self.assertEqual(status, 126)
        self.one_line(err, "directory")
        status, _, err = self.detect("run", self.write("garbage", b"\0\1\2\3", 0o755))
        self.assertEqual(status, 126)
        self.one_line(err, "neither")
        status, _, err = self.detect("run", self.write("lost", "#!/no/interpreter\n", 0o755))
        self.assertEqual(status, 126)
        self.one_line(err, "/no/interpreter")

    def test_scripts(self):
        self.assertEqual(self.detect("run", self.write("bare", "exit $1\n", 0o755), "6")[0], 6)
        self.assertEqual(self.detect("run", self.write("hashed", "#! /bin/sh -e\nexit $1\n", 0o755), "7")[0], 7)

    def refused(self, program, *words):
        status, out, err = self.detect("run", program)
        self.assertEqual((status, out), (126, ""))
        self.one_line(err, "not run", *words)

    def test_static(self):
        self.refused(self.compile("static", FINE, "-static"), "static")

    def test_other_machine(self):
        with open(self.compile("fine", FINE), "rb") as file:
            image = bytearray(file.read())
        self.refused(self.write("bits", bytes(image[:4]) + b"\1" + bytes(image[5:]), 0o755), "32-bit")
        image[18] ^= 0x55
        self.refused(self.write("machine", bytes(image), 0o755), "machine")

    def test_sanitizers(self):
        for name in ("address", "thread"):
            self.refused(self.compile(name, FINE, "-fsanitize=" + name), "Sanitizer")
        self.assertEqual(self.detect("run", self.compile("ub", FINE, "-fsanitize=undefined"))[0], 0)

    @unittest.skipUnless(shutil.which("clang"), "clang is not there")
    def test_sanitizer_linked_in(self):
        self.write("msan.c", FINE)
        subprocess.run(["clang", "-fsanitize=thread", "msan.c", "-o", "msan"], cwd=self.folder, check=True)
        self.refused(self.path("msan"), "ThreadSanitizer")

    @unittest.skipUnless(os.getuid() == 0, "needs another user")
    def test_setuid(self):
        program = self.compile("setuid", FINE)
        os.chown(program, 65534, -1)
        os.chmod(program, 0o4755)
        if not os.statvfs(program).f_flag & os.ST_NOSUID:
            self.refused(program, "setuid")

    def test_library_is_missing(self):
        os.makedirs(self.path("cli"))
        os.makedirs(self.path("libdetect"))
        copy = shutil.copy(DETECT, self.path("cli/detect"))
        for content, word in ((None, "missing"), (b"no library", "no library"), (b"", "no library")):
            if content is not None:
                self.write("libdetect/libdetect.so", content)
            done = subprocess.run([copy, "run", "true"], stderr=subprocess.PIPE, text=True, check=False)
            self.assertEqual(done.returncode, 2)
            self.one_line(done.stderr, word)

    def test_options(self):
        cases = {("--fromat=json", "true"): "--format", ("--format=jason", "true"): "text|json",
                 ("--format",): "needs a value", ("--exit-code=256", "true"): "0 to 255",
                 ("--exit-code=-1", "true"): "0 to 255", ("--no-format", "true"): "unknown",
                 ("-q", "true"): "two dashes", ("--no-quiet=yes", "true"): "no value", (): "which program",
                 ("--suppressions=/nowhere", "true"): "/nowhere"}
        for arguments, word in cases.items():
            status, out, err = self.detect("run", *arguments)
            self.assertEqual((status, out), (2, ""), arguments)
            self.one_line(err, word)
        status, _, err = self.detect("run", "true", env={"DETECT_OPTIONS": "mode=lock"})
        self.assertEqual(status, 2)
        self.one_line(err, "DETECT_OPTIONS")
        self.one_line(self.detect("report", "--mode=locks", "x")[2], "no meaning")
        self.one_line(self.detect("rum")[2], "'run'")
        self.one_line(self.detect("list", "dedlock")[2], "'deadlock'")
        self.assertEqual(self.detect()[0], 2)

    def test_output(self):
        program = self.compile("order", ORDER)
        for name in ("/no/such/file", "/"):
            status, out, err = self.detect("run", "--output=" + name, "sh", "-c", "echo ran")
            self.assertEqual((status, out), (2, ""))
            self.one_line(err, "cannot write")
        for format_ in ("text", "json"):
            status, out, err = self.detect("run", "--format=" + format_, "--output=/dev/full", program)
            self.assertEqual((status, out), (2, ""))
            self.one_line(err, "No space left")
        status, out, err = self.detect("run", "--output=r.%p.json", "--format=json", program, "5")
        self.assertEqual((status, out, err), (66, "", ""))
        written = [name for name in os.listdir(self.folder) if name.endswith(".json")]
        self.assertRegex(written[0], r"^r\.\d+\.json$")
        with open(self.path(written[0]), encoding="utf-8") as file:
            report = json.load(file)
        self.assertEqual(report["status"], 5)
        self.assertEqual(report["program"], program)
        self.assertEqual(report["args"], ["5"])
        self.assertEqual([finding["kind"] for finding in report["findings"]], ["exit-holding-lock"])

    def test_quiet(self):
        self.assertEqual(self.detect("run", "--quiet", self.compile("fine", FINE)), (0, "", ""))

    def test_report_dir(self):
        program = self.compile("order", ORDER)
        for _ in range(2):
            status, _, err = self.detect("run", "--report-dir=kept", program)
            self.assertEqual(status, 66)
            self.assertIn("in 1 process", " ".join(err.split()))
        self.assertEqual(len(os.listdir(self.path("kept"))), 2)
        status, out, _ = self.detect("report", "kept")
        self.assertEqual(status, 0)
        self.assertIn("in 2 processes", out)
        self.assertEqual(self.detect("report", "--fail-on=certain", "kept")[0], 66)
        self.assertEqual(self.detect("report", "--exit-code=3", "kept")[0], 3)

    def test_nothing_is_left(self):
        os.makedirs(self.path("tmp"))
        temporary = {"TMPDIR": self.path("tmp")}
        self.detect("run", self.compile("order", ORDER), env=temporary)
        self.detect("run", "/etc/passwd", env=temporary)
        self.assertEqual(os.listdir(self.path("tmp")), [])
        self.one_line(self.detect("run", "true", env={"TMPDIR": "/nowhere"})[2], "/nowhere")

    def test_a_daemon_goes_on(self):
        os.makedirs(self.path("tmp"))
        status, out, err = self.detect("run", "sh", "-c", "exec sleep 60 >/dev/null 2>&1 & echo $!",
                                       env={"TMPDIR": self.path("tmp")})
        os.kill(int(out), 9)
        self.assertEqual(status, 0)
        text = " ".join(err.split())
        self.assertIn(f"process {out.strip()} (sleep 60) still runs", text)
        self.assertIn(self.path("tmp"), "".join(err.split()))
        self.assertEqual(len(os.listdir(self.path("tmp"))), 1)

    def test_signals_are_the_callers(self):
        """The same signal mask and dispositions as without detect; standard input and error stay closed."""
        look = self.write("look", "#!/bin/sh\ngrep -E '^Sig(Blk|Ign)' /proc/self/status\n", 0o755)
        plain = ["sh", "-c", "exec 0<&- 2>&-; trap '' CHLD USR1; exec \"$@\"", "sh"]
        run = lambda words: subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False).stdout
        self.assertEqual(run(plain + [look]), run(plain + [DETECT, "run", "--output=" + self.path("out"), look]))

    def test_descriptors_are_the_callers(self):
        """None more than the library itself opens."""
        look = self.compile("look", LOOK)
        preloaded = dict(os.environ, LD_PRELOAD=LIBRARY, DETECT_RUN_DIR=self.folder)
        closed = ["sh", "-c", "exec 0<&- 2>&-; exec \"$@\"", "sh"]
        run = lambda words, env: subprocess.run(words, stdout=subprocess.PIPE, check=False, env=env).stdout
        self.assertEqual(run(closed + ["env", "LD_PRELOAD=" + LIBRARY, look], dict(preloaded, LD_PRELOAD="")),
                         run(closed + [DETECT, "run", "--output=" + self.path("out"), look], os.environ))

    def test_users_preload_stays(self):
        status, out, _ = self.detect("run", "sh", "-c", "echo $LD_PRELOAD",
                                     env={"LD_PRELOAD": "libc.so.6"})
        self.assertEqual((status, out), (0, os.path.join(BUILD, "libdetect", "libdetect.so") + ":libc.so.6\n"))


if __name__ == "__main__":
    main()
