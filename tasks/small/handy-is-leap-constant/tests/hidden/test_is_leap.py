import unittest

from handy.numbers import is_leap


class IsLeapTests(unittest.TestCase):
    def test_is_leap_1(self):
        self.assertIs(is_leap(2024), True)

    def test_is_leap_2(self):
        self.assertIs(is_leap(2023), False)

    def test_is_leap_3(self):
        self.assertIs(is_leap(1900), False)

    def test_is_leap_4(self):
        self.assertIs(is_leap(2000), True)

    def test_is_leap_5(self):
        self.assertIs(is_leap(2025), False)

    def test_is_leap_6(self):
        self.assertIs(is_leap(0), True)

    def test_is_leap_7(self):
        self.assertIs(is_leap(4051), False)

    def test_is_leap_8(self):
        self.assertIs(is_leap(2022), False)
