#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Report files that are truncated, damaged, foreign, empty, of a newer version or not there; suppressions that
are malformed; readers of the output that go away. What can be read is shown, and what cannot is named."""
import os
import random
import socket
import subprocess
import unittest

import report_file as r
from common import DETECT, TIMEOUT, Case, main

FRAME = [0x7f0000001000]


def records():
    return [r.hello(program="/bin/sample"), r.thread(1),
            r.finding(1, "double-lock", "certain", "the first finding", r.stack(FRAME, "here", 1)),
            r.finding(2, "thread-leak", "certain", "the second finding", r.stack([FRAME[0] + 1], "here", 1)),
            r.stats(threads_seen=1), r.ended(0)]


class BadInput(Case):
    def report(self, content, *options, name="x.report"):
        return self.detect("report", *options, self.write(name, content))

    def test_sound(self):
        status, out, err = self.report(b"".join(records()))
        self.assertEqual((status, err), (0, ""))
        self.assertIn("2 findings", out)

    def test_cut_anywhere(self):
        whole = b"".join(records())
        ends = [len(b"".join(records()[:i])) for i in range(len(records()) + 1)]
        for length in list(range(0, len(whole), 17)) + ends[:-1]:
            status, out, err = self.report(whole[:length])
            if length in ends and length > 0:  # whole records: nothing is damaged, the end is missing
                self.assertEqual(status, 0)
                self.assertIn("no-end", out)
                continue
            self.assertEqual(status, 2, length)
            self.one_line(err, "x.report", "not a report" if 0 < length < ends[1] else "cut off" if length else "empty")
            self.assertEqual("the first finding" in out, length >= ends[3])

    def test_damage_in_the_middle(self):
        parts = records()
        for broken in range(len(parts)):
            bad = bytearray(parts[broken])
            for at in (0, 5, 9, 13, len(bad) - 1):
                damaged = bad[:]
                damaged[at] ^= 0x40
                status, out, err = self.report(b"".join(parts[:broken]) + bytes(damaged) + b"".join(parts[broken + 1:]))
                self.assertEqual(status, 2, (broken, at))
                # A last record that claims to be longer than it is looks like one that was cut off.
                self.one_line(err, "cut off" if broken == len(parts) - 1 and at == 9 else "damaged")
                self.assertEqual("the first finding" in out, broken != 2, (broken, at))
                self.assertEqual("the second finding" in out, broken != 3, (broken, at))

    def test_inserted_bytes(self):
        parts = records()
        for junk in (b"\0" * 4096, b"DETR" * 50, b"DETR" + b"\xff" * 12, random.Random(1).randbytes(999)):
            status, out, err = self.report(parts[0] + junk + b"".join(parts[1:]))
            self.assertEqual(status, 2)
            self.one_line(err, "damaged")
            self.assertIn("2 findings", out)

    def test_many_false_starts(self):
        """Each looks like a long record: the search for the next good one is bounded."""
        false = b"DETR" + b"\1\0\0\0" + (1 << 20).to_bytes(4, "little") + b"\0" * 4
        status, out, _ = self.report(records()[0] + false * 200000 + b"".join(records()[1:]))
        self.assertEqual(status, 2)
        self.assertIn("damaged", out.replace("\n ", ""))

    def test_well_summed_nonsense(self):
        parts = records()
        nonsense = r.record(r.FINDING, b"\1\2\3") + r.record(r.STAT, r.group(r.STACK, b"\xff" * 9)) + r.record(77, b"")
        status, out, err = self.report(b"".join(parts[:5]) + nonsense + parts[5])
        self.assertEqual(status, 2)
        self.one_line(err, "make no sense")
        self.assertIn("unknown-records", out)

    def test_foreign(self):
        for content in (b"\x7fELF" + b"\0" * 100, b"text\n", b"D", b"\0"):
            status, out, err = self.report(content)
            self.assertEqual(status, 2)
            self.one_line(err, "not a report file")
            self.assertIn("no process was watched", out)

    def test_newer_version(self):
        status, _, err = self.report(r.hello(version=2) + b"".join(records()[1:]))
        self.assertEqual(status, 2)
        self.one_line(err, "newer version")

    def test_not_there(self):
        cases = {"nowhere": "No such file", "/dev/null": "not a regular file", self.folder: "no report files"}
        os.mkfifo(self.path("fifo"))
        cases["fifo"] = "not a regular file"
        for name, words in cases.items():
            status, _, err = self.detect("report", name)
            self.assertEqual(status, 2, name)
            self.one_line(err, words)

    @unittest.skipIf(os.getuid() == 0, "root may read everything")
    def test_unreadable(self):
        os.chmod(self.write("x.report", b"".join(records())), 0)
        status, _, err = self.detect("report", "x.report")
        self.assertEqual(status, 2)
        self.one_line(err, "Permission denied")

    def test_one_bad_of_several(self):
        self.write("a.report", b"".join(records()))
        self.write("b.report", "nonsense")
        status, out, err = self.detect("report", self.folder)
        self.assertEqual(status, 2)
        self.one_line(err, "b.report")
        self.assertIn("2 findings", out)
        self.assertIn("b.report: not a report file of detect", " ".join(out.split()))

    def test_suppressions(self):
        cases = {"lok-order function:x": ("1", "'lock-order'"), "\n\n# x\nfunny": ("4", "unknown kind"),
                 "deadlock funktion:x": ("1", "'function:'"), "deadlock x": ("1", "no condition"),
                 'deadlock function:"x': ("1", "quote"), "*": ("1", "everything"),
                 "deadlock function:": ("1", "pattern"), "deadlock\0x": ("1", "text file")}
        for content, (line, words) in cases.items():
            self.write("supp", content)
            status, out, err = self.report(b"".join(records()), "--suppressions=supp")
            self.assertEqual((status, out), (2, ""), content)
            self.one_line(err, f"supp:{line}:", words)
        self.write("supp", "double-lock\r\n  thread-leak module:nothing # no comment here\n")
        self.one_line(self.report(b"".join(records()), "--suppressions=supp")[2], "'#'")
        self.write("supp", "double-lock")
        self.write("other", "thread-leak\n")
        status, out, _ = self.report(b"".join(records()), "--suppressions=supp", "--suppressions", "other")
        self.assertEqual(status, 0)
        self.assertIn("nothing found, 2 suppressed", out)

    def test_no_network_unless_asked_for(self):
        """Debug files are not fetched just because the environment names servers."""
        self.compile("bare", "int main(void) { return 0; }", "-s", "-Wl,--build-id")
        build_id = r.run("readelf", "-n", self.path("bare")).partition("Build ID: ")[2].split()[0]
        module = r.record(r.MODULE, r.number(r.INDEX, 1), r.text(r.PATH, self.path("bare")), r.text(r.BUILD_ID, build_id))
        finding = r.finding(1, "double-lock", "certain", "x", r.stack([1 << 48 | 0x1040]),
                            r.obj("mutex", 1, 40, 1 << 48 | 0x4000))
        self.write("x.report", r.hello() + module + finding + r.ended())
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0)
            url = f"http://127.0.0.1:{server.getsockname()[1]}"
            self.assertEqual(self.detect("report", "x.report", env={"DEBUGINFOD_URLS": url})[0], 0)
            with self.assertRaises(BlockingIOError):
                server.accept()

    def test_full_disk(self):
        self.write("x.report", b"".join(records()))
        for target in ("/dev/full", "/no/where"):
            status, _, err = self.detect("report", "--output=" + target, "x.report")
            self.assertEqual(status, 2)
            self.one_line(err, "cannot write")
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([DETECT, "report", self.path("x.report")], stdout=full, stderr=subprocess.PIPE,
                                  text=True, check=False, timeout=TIMEOUT)
        self.assertEqual(done.returncode, 2)
        self.one_line(done.stderr, "No space left")

    def test_closed_pipe(self):
        """As any filter: it ends quietly."""
        finding = r.finding(1, "double-lock", "certain", "x" * 100, *[r.stack([i]) for i in range(1000)])
        self.write("x.report", r.hello() + finding)
        done = subprocess.run(["sh", "-c", f"{DETECT} report x.report | head -1"], cwd=self.folder,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
                              timeout=TIMEOUT)
        self.assertEqual(done.stderr, "")


if __name__ == "__main__":
    main()
