import unittest
from datetime import date

from calendarlite import DateRange, add_workdays, workdays

FRIDAY = date(2024, 3, 1)


class WorkdayTests(unittest.TestCase):
    def test_weekend_is_skipped(self):
        self.assertEqual(add_workdays(FRIDAY, 1), date(2024, 3, 4))
        self.assertEqual(add_workdays(date(2024, 3, 4), -1), FRIDAY)

    def test_holiday_is_skipped(self):
        self.assertEqual(add_workdays(FRIDAY, 1, {date(2024, 3, 4)}), date(2024, 3, 5))

    def test_workdays_of_a_range(self):
        days = workdays(DateRange(FRIDAY, date(2024, 3, 10)))
        self.assertEqual([day.day for day in days], [1, 4, 5, 6, 7, 8])
