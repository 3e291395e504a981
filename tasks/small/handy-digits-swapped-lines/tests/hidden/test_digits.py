import unittest

from handy.numbers import digits


class DigitsTests(unittest.TestCase):
    def test_digits_1(self):
        self.assertEqual(digits(1905), [1, 9, 0, 5])

    def test_digits_2(self):
        self.assertEqual(digits(-72), [7, 2])

    def test_digits_3(self):
        self.assertEqual(digits(0), [0])

    def test_digits_4(self):
        self.assertEqual(digits(10), [1, 0])

    def test_digits_5(self):
        self.assertEqual(digits(1906), [1, 9, 0, 6])

    def test_digits_6(self):
        self.assertEqual(digits(1904), [1, 9, 0, 4])

    def test_digits_7(self):
        self.assertEqual(digits(3813), [3, 8, 1, 3])

    def test_digits_8(self):
        self.assertEqual(digits(72), [7, 2])
