import unittest
from datetime import date

from calendarlite import DateRange, merge


def march(first, last):
    return DateRange(date(2024, 3, first), date(2024, 3, last))


class RangeTests(unittest.TestCase):
    def test_length_counts_both_ends(self):
        self.assertEqual(len(march(1, 31)), 31)

    def test_contains_both_ends(self):
        self.assertIn(date(2024, 3, 5), march(5, 6))
        self.assertNotIn(date(2024, 3, 7), march(5, 6))

    def test_days(self):
        self.assertEqual([day.day for day in march(4, 6)], [4, 5, 6])

    def test_overlaps(self):
        self.assertTrue(march(1, 5).overlaps(march(5, 9)))
        self.assertFalse(march(1, 5).overlaps(march(6, 9)))

    def test_last_before_first(self):
        with self.assertRaises(ValueError):
            march(5, 4)


class MergeTests(unittest.TestCase):
    def test_overlapping_ranges(self):
        self.assertEqual(merge([march(1, 5), march(3, 9)]), [march(1, 9)])

    def test_ranges_next_to_each_other(self):
        self.assertEqual(merge([march(1, 5), march(6, 9)]), [march(1, 9)])

    def test_ranges_apart(self):
        self.assertEqual(merge([march(1, 2), march(4, 9)]), [march(1, 2), march(4, 9)])

    def test_merge_only_reads_its_list(self):
        ranges = [march(8, 9), march(1, 2)]
        merge(ranges)
        self.assertEqual(ranges, [march(8, 9), march(1, 2)])
