import unittest

from versions import Range, Version, newest


def fits(version, text):
    return Version.parse(version) in Range(text)


class AlternativeTests(unittest.TestCase):
    def test_first_of_two(self):
        self.assertTrue(fits("1.4.0", "^1.2.0 || ^3.0.0"))

    def test_last_of_three(self):
        self.assertTrue(fits("5.0.0", "1.0.0 || 2.0.0 || >=5.0.0"))

    def test_newest_of_two_series(self):
        found = newest(["1.9.0", "2.5.0", "3.0.1"], "~1.9.0 || ~2.5.0")
        self.assertEqual(str(found), "2.5.0")

    def test_between_the_alternatives(self):
        self.assertFalse(fits("2.5.0", ">=1.0.0 <2.0.0 || >=3.0.0"))

    def test_fits_both(self):
        self.assertTrue(fits("1.5.0", ">1.0.0 || <2.0.0"))

    def test_conditions_in_one_alternative(self):
        self.assertFalse(fits("0.9.0", ">=1.0.0 <2.0.0"))
        self.assertTrue(fits("1.0.0", ">=1.0.0 <2.0.0"))
