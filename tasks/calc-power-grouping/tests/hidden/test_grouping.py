import unittest

from calc import Calculator


class GroupingTests(unittest.TestCase):
    def check(self, line, value):
        self.assertEqual(Calculator().run(line), value)

    def test_three_powers(self):
        self.check("3 ^ 2 ^ 0 ^ 5", 3)

    def test_power_of_powers_in_a_sum(self):
        self.check("1 + 2 ^ 1 ^ 3 * 5", 11)

    def test_negative_power(self):
        self.check("-2 ^ 2 ^ 3", -256)

    def test_parentheses_win(self):
        self.check("(2 ^ 3) ^ 2", 64)

    def test_divisions(self):
        self.check("100 / 10 / 2", 5)

    def test_differences(self):
        self.check("20 - 5 - 5 + 1", 11)

    def test_negative_exponent(self):
        self.check("2 ^ -1", 0.5)
