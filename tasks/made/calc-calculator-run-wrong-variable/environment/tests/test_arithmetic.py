import unittest

from calc import CalcError, Calculator


class ArithmeticTests(unittest.TestCase):
    def check(self, line, value):
        self.assertEqual(Calculator().run(line), value)

    def test_precedence(self):
        self.check("2 + 3 * 4", 14)

    def test_parentheses(self):
        self.check("(2 + 3) * 4", 20)

    def test_minus_groups_from_the_left(self):
        self.check("10 - 4 - 3", 3)

    def test_power_groups_from_the_right(self):
        self.check("2 ^ 3 ^ 2", 512)

    def test_minus_before_a_power(self):
        self.check("-2^2", -4)

    def test_division_by_zero(self):
        with self.assertRaises(CalcError):
            Calculator().run("1 / 0")

    def test_unfinished_line(self):
        with self.assertRaises(CalcError):
            Calculator().run("1 +")
