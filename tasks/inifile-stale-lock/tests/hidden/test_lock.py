import os
import tempfile
import unittest

from inifile import LockedError, ParseError, load, locked, save, update


class LockTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "settings.ini")
        save(self.path, {"a": {"x": "1"}})

    def test_update_works_after_a_refused_value(self):
        with self.assertRaises(ValueError):
            update(self.path, "a", "x", "1\r2")
        update(self.path, "a", "x", "3")
        self.assertEqual(load(self.path), {"a": {"x": "3"}})

    def test_released_when_the_file_is_unreadable(self):
        with open(self.path, "w") as handle:
            handle.write("nonsense\n")
        with self.assertRaises(ParseError):
            update(self.path, "a", "x", "2")
        self.assertEqual(os.listdir(os.path.dirname(self.path)), ["settings.ini"])

    def test_released_after_any_error_in_the_block(self):
        with self.assertRaises(KeyError):
            with locked(self.path):
                raise KeyError("k")
        self.assertFalse(os.path.exists(self.path + ".lock"))

    def test_foreign_lock_is_not_removed(self):
        open(self.path + ".lock", "x").close()
        with self.assertRaises(LockedError):
            update(self.path, "a", "x", "2")
        self.assertTrue(os.path.exists(self.path + ".lock"))

    def test_lock_is_held_inside_the_block(self):
        with locked(self.path):
            self.assertTrue(os.path.exists(self.path + ".lock"))

    def test_released_at_the_end(self):
        with locked(self.path):
            pass
        self.assertFalse(os.path.exists(self.path + ".lock"))
