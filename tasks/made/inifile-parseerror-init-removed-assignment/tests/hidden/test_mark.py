import os
import tempfile
import unittest

from inifile import load, save, update

MARK = b"\xef\xbb\xbf"


class MarkTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "app.ini")

    def write(self, data):
        with open(self.path, "wb") as handle:
            handle.write(data)

    def read(self):
        with open(self.path, "rb") as handle:
            return handle.read()

    def test_pair_on_the_first_line(self):
        self.write(MARK + b"name = x\n")
        self.assertEqual(load(self.path), {"": {"name": "x"}})

    def test_comment_on_the_first_line(self):
        self.write(MARK + b"# made by hand\n[a]\n")
        self.assertEqual(load(self.path), {"a": {}})

    def test_mark_and_other_letters(self):
        self.write(MARK + "[é]\nk = ü\n".encode())
        self.assertEqual(load(self.path), {"é": {"k": "ü"}})

    def test_update_of_a_marked_file(self):
        self.write(MARK + b"[a]\nx = 1\n")
        update(self.path, "a", "x", "2")
        self.assertEqual(load(self.path), {"a": {"x": "2"}})

    def test_file_without_mark(self):
        self.write("k = ñ\n".encode())
        self.assertEqual(load(self.path), {"": {"k": "ñ"}})

    def test_no_mark_is_written(self):
        save(self.path, {"a": {"x": "1"}})
        self.assertEqual(self.read(), b"[a]\nx = 1\n")
