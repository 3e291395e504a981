import unittest
from datetime import date, timedelta

from calendarlite import DateRange, merge


def span(start, days, year=2023):
    first = date(year, 1, 1) + timedelta(days=start)
    return DateRange(first, first + timedelta(days=days - 1))


class MergeTests(unittest.TestCase):
    def test_single_days_in_a_row(self):
        self.assertEqual(merge([span(n, 1) for n in range(6)]), [span(0, 6)])

    def test_across_the_end_of_a_year(self):
        ranges = [
            DateRange(date(2023, 12, 20), date(2023, 12, 31)),
            DateRange(date(2024, 1, 1), date(2024, 1, 6)),
        ]
        self.assertEqual(merge(ranges), [DateRange(date(2023, 12, 20), date(2024, 1, 6))])

    def test_unsorted_and_touching(self):
        self.assertEqual(merge([span(10, 5), span(0, 10)]), [span(0, 15)])

    def test_one_day_between_stays(self):
        self.assertEqual(merge([span(0, 3), span(4, 2)]), [span(0, 3), span(4, 2)])

    def test_range_inside_another(self):
        self.assertEqual(merge([span(0, 20), span(5, 3)]), [span(0, 20)])

    def test_same_range_twice(self):
        self.assertEqual(merge([span(2, 2), span(2, 2)]), [span(2, 2)])

    def test_nothing(self):
        self.assertEqual(merge([]), [])
