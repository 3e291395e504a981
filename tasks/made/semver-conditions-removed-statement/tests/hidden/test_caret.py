import unittest

from versions import Range, Version, newest


def fits(version, text):
    return Version.parse(version) in Range(text)


class CaretTests(unittest.TestCase):
    def test_other_minor(self):
        self.assertTrue(fits("0.7.5", "^0.7.1"))
        self.assertFalse(fits("0.8.0", "^0.7.1"))

    def test_two_zeros(self):
        self.assertTrue(fits("0.0.4", "^0.0.4"))
        self.assertFalse(fits("0.0.5", "^0.0.4"))
        self.assertFalse(fits("0.1.0", "^0.0.4"))

    def test_newest(self):
        found = newest(["0.4.0", "0.4.9", "0.5.0", "0.9.0"], "^0.4.2")
        self.assertEqual(str(found), "0.4.9")

    def test_lower_bound(self):
        self.assertFalse(fits("0.7.0", "^0.7.1"))

    def test_major_above_zero(self):
        self.assertTrue(fits("2.9.0", "^2.0.5"))
        self.assertFalse(fits("3.0.0", "^2.0.5"))

    def test_tilde(self):
        self.assertTrue(fits("0.0.9", "~0.0.4"))
        self.assertFalse(fits("1.3.0", "~1.2.0"))
