import unittest

from numerals import NumeralError, from_roman, to_roman


class RomanTests(unittest.TestCase):
    def test_to_roman(self):
        self.assertEqual(to_roman(1994), "MCMXCIV")

    def test_from_roman(self):
        self.assertEqual(from_roman("mmxxiv"), 2024)

    def test_round_trip(self):
        for number in range(1, 4000, 7):
            self.assertEqual(from_roman(to_roman(number)), number)

    def test_reading_is_strict(self):
        for text in ["", "IIII", "VX", "hello"]:
            with self.assertRaises(NumeralError):
                from_roman(text)

    def test_out_of_range(self):
        with self.assertRaises(NumeralError):
            to_roman(4000)
