import unittest

from ledger import Money
from ledger.money import divide_half_even


class HalfEvenTests(unittest.TestCase):
    def test_half_above_even_goes_down(self):
        self.assertEqual(Money(50).times("0.25"), Money(12))

    def test_negative_half_goes_to_even(self):
        self.assertEqual(Money(-5).times("0.5"), Money(-2))
        self.assertEqual(Money(-3).times("0.5"), Money(-2))

    def test_halves_of_the_first_integers(self):
        results = [divide_half_even(n, 2) for n in range(-3, 8)]
        self.assertEqual(results, [-2, -1, 0, 0, 0, 1, 2, 2, 2, 3, 4])

    def test_half_above_odd_goes_up(self):
        self.assertEqual(Money(75).times("0.5"), Money(38))

    def test_more_than_a_half_goes_up(self):
        self.assertEqual(divide_half_even(8, 3), 3)
        self.assertEqual(divide_half_even(251, 100), 3)

    def test_less_than_a_half_goes_down(self):
        self.assertEqual(divide_half_even(7, 3), 2)
        self.assertEqual(divide_half_even(-7, 3), -2)

    def test_exact_division(self):
        self.assertEqual(divide_half_even(-12, 4), -3)
