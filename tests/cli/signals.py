#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Signals to `detect run` and to its terminal; what is printed while the program still runs."""
import json
import os
import pty
import select
import signal
import subprocess
import termios
import time

from common import DETECT, TIMEOUT, Case, main

COUNTER = """
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
static volatile sig_atomic_t seen;
static void count(int signo) { (void)signo; seen++; }
int main(void)
{
    struct sigaction action = {.sa_handler = count};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    puts("ready");
    fflush(stdout);
    while (!seen)
        pause();
    usleep(200000); /* a second delivery would come now */
    printf("seen %d\\n", (int)seen);
    return 3;
}
"""
STUCK = """
#include <pthread.h>
#include <unistd.h>
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;
static void *one(void *arg)
{
    pthread_mutex_lock(&a);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&b);
    return arg;
}
static void *two(void *arg)
{
    pthread_mutex_lock(&b);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&a);
    return arg;
}
int main(void)
{
    pthread_t threads[2];
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&threads[0], NULL, one, NULL);
    pthread_create(&threads[1], NULL, two, NULL);
    for (;;)
        sleep(1);
}
"""


class Signals(Case):
    @classmethod
    def setUpClass(cls):
        """Whoever started us in the background, or by nohup, may have had these ignored, and programs inherit that."""
        super().setUpClass()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for signo in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
            signal.signal(signo, signal.SIG_DFL)

    def start(self, *arguments, **more):
        child = subprocess.Popen([DETECT, "run"] + list(arguments), cwd=self.folder, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, **more)
        self.addCleanup(self.reap, child)
        return child

    def reap(self, child):
        child.kill()
        child.communicate()

    def end(self, child):
        out, err = child.communicate(timeout=TIMEOUT)
        return child.returncode, out, err

    def program_of(self, child):
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            with open(f"/proc/{child.pid}/task/{child.pid}/children", encoding="ascii") as file:
                pids = file.read().split()
            if pids:
                return int(pids[0])
            time.sleep(0.01)
        return self.fail("detect started nothing")

    def state(self, pid):
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0]

    def wait_state(self, pid, wanted):
        deadline = time.monotonic() + TIMEOUT
        while self.state(pid) not in wanted:
            self.assertLess(time.monotonic(), deadline, f"process {pid} is {self.state(pid)}, not {wanted}")
            time.sleep(0.01)

    def test_forwarded_once(self):
        counter = self.compile("counter", COUNTER)
        for signo in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
            child = self.start(counter)
            child.stdout.readline()
            child.send_signal(signo)
            status, out, err = self.end(child)
            self.assertEqual((status, out), (3, "seen 1\n"))
            self.assertIn("nothing found", err)

    def test_death_by_a_signal(self):
        for signo in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            child = self.start("--format=json", "sh", "-c", "echo ready; ulimit -c 0; exec sleep 60")
            child.stdout.readline()
            child.send_signal(signo)
            status, _, err = self.end(child)
            self.assertEqual(status, 128 + signo)
            self.assertEqual(json.loads(err)["status"], 128 + signo)

    def test_ignored_stays_ignored(self):
        child = self.start("sh", "-c", "echo ready; read line; exit 4", stdin=subprocess.PIPE,
                           preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        child.stdout.readline()
        child.send_signal(signal.SIGHUP)
        self.assertEqual(self.end(child)[0], 4)

    def test_a_group_of_its_own_signal(self):
        """The program signals its process group, in which we are: not sent back to it."""
        child = self.start(self.compile("group", COUNTER.replace("while (!seen)", "kill(0, SIGUSR1); while (!seen)")),
                           start_new_session=True)
        status, out, _ = self.end(child)
        self.assertEqual((status, out), (3, "ready\nseen 1\n"))

    def test_stop_and_continue(self):
        # A group of its own with us outside of it: SIGTSTP does nothing in an orphaned process group.
        child = self.start("sh", "-c", "echo ready; read line; exit 5", stdin=subprocess.PIPE,
                           preexec_fn=os.setpgrp)
        child.stdout.readline()
        program = self.program_of(child)
        child.send_signal(signal.SIGTSTP)
        self.wait_state(program, "T")
        self.wait_state(child.pid, "T")
        child.send_signal(signal.SIGCONT)
        self.wait_state(program, "SR")
        self.assertEqual(self.end(child)[0], 5)

    def test_a_program_stopped_by_others(self):
        """Who stops and continues the program alone does not have to continue us."""
        child = self.start("sh", "-c", "kill -STOP $$; exit 6")
        program = self.program_of(child)
        self.wait_state(program, "T")
        time.sleep(0.1)
        self.assertEqual(self.state(child.pid), "S")
        os.kill(program, signal.SIGCONT)
        self.assertEqual(self.end(child)[0], 6)

    def reports(self):
        folder = self.path("kept")
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return [os.path.join(folder, name) for name in names if name.endswith(".report")]

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def on_terminal(self, *arguments):
        """detect in the foreground of a terminal of its own: (pid, master)."""
        pid, master = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execv(DETECT, [DETECT, "run"] + list(arguments))
        self.addCleanup(os.close, master)
        return pid, master

    def read_until(self, master, wanted):
        """What the terminal shows up to and with `wanted`; the rest is for the next call."""
        deadline = time.monotonic() + TIMEOUT
        text = getattr(self, "unread", "")
        while wanted not in text:
            ready, _, _ = select.select([master], [], [], max(0, deadline - time.monotonic()))
            self.assertTrue(ready, text)
            try:
                text += os.read(master, 4096).decode(errors="replace")
            except OSError:
                self.fail(f"ended before {wanted!r}: {text}")
        end = text.index(wanted) + len(wanted)
        self.unread = text[end:]
        return text[:end]

    def test_ctrl_c(self):
        pid, master = self.on_terminal(self.compile("counter", COUNTER))
        self.read_until(master, "ready")
        os.write(master, b"\3")
        text = self.read_until(master, "seen in 1 process")
        self.assertIn("seen 1\r\n", text)
        self.assertIn("\033[1m", text)  # colours on a terminal
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 3)

    def test_ctrl_z(self):
        """From a shell with job control: stopped, and continued in the foreground."""
        pid, master = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
        self.addCleanup(os.close, master)
        attributes = termios.tcgetattr(master)
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(master, termios.TCSANOW, attributes)
        os.write(master, f"PS1=; {DETECT} run --color=never sh -c 'echo on; read x; echo got $x; exit 3'\n".encode())
        self.read_until(master, "on\r\n")
        os.write(master, b"\x1a")
        self.read_until(master, "Stopped")
        os.write(master, b"jobs; fg\n")
        self.read_until(master, "detect run")
        os.write(master, b"word\n")
        self.read_until(master, "got word")
        self.read_until(master, "seen in 1 process")
        os.write(master, b"echo status $?\n")
        self.read_until(master, "status 3")
        os.write(master, b"exit\n")
        os.waitpid(pid, 0)

    def test_a_deadlock_is_printed_at_once(self):
        child = self.start("--on-deadlock=report", self.compile("stuck", STUCK))
        os.set_blocking(child.stderr.fileno(), True)
        line = ""
        while "deadlock (certain)" not in line:
            line = child.stderr.readline()
            self.assertTrue(line, "ended without a report")
        self.assertIsNone(child.poll())
        child.send_signal(signal.SIGINT)
        status, _, rest = self.end(child)
        self.assertEqual(status, 66)
        self.assertNotIn("deadlock (certain)", rest)
        self.assertIn("1 finding", rest)

    def test_json_of_an_interrupted_run(self):
        child = self.start("--on-deadlock=report", "--format=json", "--output=out", "--report-dir=kept",
                           self.compile("stuck", STUCK))
        deadline = time.monotonic() + TIMEOUT
        while not any(b"deadlock" in self.read(name) for name in self.reports()):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        child.send_signal(signal.SIGTERM)
        self.assertEqual(self.end(child)[0], 66)
        with open(self.path("out"), encoding="utf-8") as file:
            report = json.load(file)
        self.assertEqual(report["status"], 128 + signal.SIGTERM)
        self.assertEqual([finding["kind"] for finding in report["findings"]], ["deadlock"])


if __name__ == "__main__":
    main()
