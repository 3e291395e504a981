import unittest

from numerals import ordinal


class OrdinalTests(unittest.TestCase):
    def test_hundreds_and_twelve(self):
        self.assertEqual([ordinal(n) for n in (112, 512, 912)], ["112th", "512th", "912th"])

    def test_thousands_and_thirteen(self):
        self.assertEqual(ordinal(1013), "1013th")
        self.assertEqual(ordinal(70113), "70113th")

    def test_hundreds_and_eleven(self):
        self.assertEqual(ordinal(211), "211th")

    def test_short_teens(self):
        self.assertEqual([ordinal(n) for n in (11, 13, 14)], ["11th", "13th", "14th"])

    def test_next_to_the_teens(self):
        self.assertEqual([ordinal(n) for n in (110, 114, 121)], ["110th", "114th", "121st"])

    def test_ends_in_one_two_three(self):
        self.assertEqual([ordinal(n) for n in (101, 1002, 93)], ["101st", "1002nd", "93rd"])
