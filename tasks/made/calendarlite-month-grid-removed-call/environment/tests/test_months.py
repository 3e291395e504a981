import unittest
from datetime import date

from calendarlite import add_months, days_in_month, is_leap, month_grid


class MonthTests(unittest.TestCase):
    def test_leap_years(self):
        years = [year for year in (1900, 2000, 2023, 2024) if is_leap(year)]
        self.assertEqual(years, [2000, 2024])

    def test_days_in_month(self):
        self.assertEqual(days_in_month(2023, 2), 28)
        self.assertEqual(days_in_month(2024, 2), 29)
        self.assertEqual(days_in_month(2024, 11), 30)

    def test_add_months(self):
        self.assertEqual(add_months(date(2024, 5, 20), 9), date(2025, 2, 20))
        self.assertEqual(add_months(date(2024, 1, 20), -1), date(2023, 12, 20))

    def test_add_months_to_the_end_of_a_month(self):
        self.assertEqual(add_months(date(2024, 1, 31), 1), date(2024, 2, 29))

    def test_grid(self):
        grid = month_grid(2024, 2)
        self.assertEqual(grid[0], [0, 0, 0, 1, 2, 3, 4])
        self.assertEqual(grid[-1], [26, 27, 28, 29, 0, 0, 0])
