import unittest

from handy.numbers import gcd


class GcdTests(unittest.TestCase):
    def test_gcd_1(self):
        self.assertEqual(gcd(12, 18), 6)

    def test_gcd_2(self):
        self.assertEqual(gcd(7, 3), 1)

    def test_gcd_3(self):
        self.assertEqual(gcd(0, 5), 5)

    def test_gcd_4(self):
        self.assertEqual(gcd(9, 0), 9)

    def test_gcd_5(self):
        self.assertEqual(gcd(13, 18), 1)

    def test_gcd_6(self):
        self.assertEqual(gcd(27, 18), 9)

    def test_gcd_7(self):
        self.assertEqual(gcd(0, 18), 18)

    def test_gcd_8(self):
        self.assertEqual(gcd(12, 39), 3)
