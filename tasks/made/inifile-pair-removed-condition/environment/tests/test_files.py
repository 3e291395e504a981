import os
import tempfile
import unittest

from inifile import LockedError, load, locked, save, update


class FileTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "app.ini")

    def test_save_and_load(self):
        save(self.path, {"names": {"city": "Zürich"}})
        self.assertEqual(load(self.path), {"names": {"city": "Zürich"}})

    def test_byte_order_mark_is_skipped(self):
        with open(self.path, "wb") as handle:
            handle.write(b"\xef\xbb\xbf[a]\r\nx = 1\r\n")
        self.assertEqual(load(self.path), {"a": {"x": "1"}})

    def test_update(self):
        save(self.path, {"a": {"x": "1"}})
        update(self.path, "a", "y", "2")
        self.assertEqual(load(self.path), {"a": {"x": "1", "y": "2"}})
        self.assertFalse(os.path.exists(self.path + ".lock"))

    def test_lock_keeps_others_out(self):
        with locked(self.path):
            with self.assertRaises(LockedError):
                update(self.path, "a", "x", "1")

    def test_lock_is_released_after_an_error(self):
        save(self.path, {})
        with self.assertRaises(ValueError):
            update(self.path, "a", "x", "two\nlines")
        self.assertFalse(os.path.exists(self.path + ".lock"))
