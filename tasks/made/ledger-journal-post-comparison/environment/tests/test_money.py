import unittest

from ledger import Money


class MoneyTests(unittest.TestCase):
    def test_parse(self):
        self.assertEqual(Money.parse("12.34"), Money(1234))
        self.assertEqual(Money.parse("-0.50"), Money(-50))

    def test_parse_refuses_fractions_of_a_cent(self):
        with self.assertRaises(ValueError):
            Money.parse("0.005")

    def test_text(self):
        self.assertEqual(str(Money(-5)), "-0.05")
        self.assertEqual(str(Money(123456)), "1234.56")

    def test_times_rounds_to_the_nearest_cent(self):
        self.assertEqual(Money(1000).times("0.19"), Money(190))
        self.assertEqual(Money(100).times("2/3"), Money(67))

    def test_times_rounds_a_half_to_even(self):
        self.assertEqual(Money(5).times("0.5"), Money(2))
        self.assertEqual(Money(7).times("0.5"), Money(4))
