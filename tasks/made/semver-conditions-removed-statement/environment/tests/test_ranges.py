import unittest

from versions import Range, Version, newest


def fits(version, text):
    return Version.parse(version) in Range(text)


class RangeTests(unittest.TestCase):
    def test_both_conditions_must_hold(self):
        self.assertTrue(fits("1.5.0", ">=1.2.0 <2.0.0"))
        self.assertFalse(fits("2.0.0", ">=1.2.0 <2.0.0"))

    def test_one_alternative_is_enough(self):
        self.assertTrue(fits("3.1.0", "<2.0.0 || 3.1.0"))

    def test_caret(self):
        self.assertTrue(fits("1.9.9", "^1.2.0"))
        self.assertFalse(fits("2.0.0", "^1.2.0"))

    def test_caret_below_one(self):
        self.assertTrue(fits("0.2.9", "^0.2.3"))
        self.assertFalse(fits("0.3.0", "^0.2.3"))

    def test_tilde(self):
        self.assertFalse(fits("1.3.0", "~1.2.4"))


class NewestTests(unittest.TestCase):
    def test_newest_in_range(self):
        found = newest(["1.0.0", "1.4.2", "1.5.0-rc.1", "2.0.0"], "^1.0.0")
        self.assertEqual(str(found), "1.4.2")

    def test_nothing_fits(self):
        self.assertIsNone(newest(["1.0.0"], ">2.0.0"))
