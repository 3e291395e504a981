import unittest
from datetime import date

from calendarlite import add_months, days_in_month


class AddMonthsTests(unittest.TestCase):
    def test_february_without_leap_day(self):
        self.assertEqual(add_months(date(2023, 1, 30), 1), date(2023, 2, 28))

    def test_month_of_thirty_days(self):
        self.assertEqual(add_months(date(2023, 8, 31), 1), date(2023, 9, 30))

    def test_backwards(self):
        self.assertEqual(add_months(date(2023, 12, 31), -1), date(2023, 11, 30))

    def test_leap_day_a_year_later(self):
        self.assertEqual(add_months(date(2024, 2, 29), 12), date(2025, 2, 28))

    def test_four_years_after_a_leap_day(self):
        self.assertEqual(add_months(date(2024, 2, 29), 48), date(2028, 2, 29))

    def test_day_is_kept_in_a_longer_month(self):
        self.assertEqual(add_months(date(2023, 4, 30), 1), date(2023, 5, 30))

    def test_no_months(self):
        self.assertEqual(add_months(date(2023, 10, 31), 0), date(2023, 10, 31))

    def test_lengths_of_a_year(self):
        self.assertEqual(sum(days_in_month(2023, month) for month in range(1, 13)), 365)
