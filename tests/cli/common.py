# SPDX-License-Identifier: MIT
"""What the tests of the command share: a folder of small programs, and running detect."""
import os
import subprocess
import sys
import tempfile
import unittest

BUILD = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "build"
DETECT = os.path.join(BUILD, "cli", "detect")
LIBRARY = os.path.join(BUILD, "libdetect", "libdetect.so")
TIMEOUT = 30


class Case(unittest.TestCase):
    """Each test works in a folder of its own."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = os.path.realpath(holder.name)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content, mode=0o644):
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(self.path(name), mode)
        return self.path(name)

    def compile(self, name, source, *flags):
        self.write(name + ".c", source)
        subprocess.run(["gcc", "-g", "-O1", "-pthread", name + ".c", "-o", name] + list(flags), check=True,
                       cwd=self.folder)
        return self.path(name)

    def detect(self, *arguments, env=None, **more):
        """(status, standard output, standard error)"""
        done = subprocess.run([DETECT] + list(arguments), cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, errors="backslashreplace", timeout=TIMEOUT,
                              check=False, env=dict(os.environ, **(env or {})), **more)
        return done.returncode, done.stdout, done.stderr

    def one_line(self, text, *words):
        """A message is one line of detect's that says these words."""
        self.assertEqual(text.count("\n"), 1, text)
        self.assertTrue(text.startswith("detect: "), text)
        for word in words:
            self.assertIn(word, text)


def main():
    unittest.main(argv=sys.argv[:1])
