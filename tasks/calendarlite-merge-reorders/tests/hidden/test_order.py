import unittest
from datetime import date

from calendarlite import DateRange, merge


def june(first, last):
    return DateRange(date(2025, 6, first), date(2025, 6, last))


class OrderTests(unittest.TestCase):
    def test_order_of_the_list_stays(self):
        bookings = [june(20, 22), june(1, 3), june(10, 12)]
        merge(bookings)
        self.assertEqual(bookings, [june(20, 22), june(1, 3), june(10, 12)])

    def test_tuple(self):
        self.assertEqual(merge((june(5, 6), june(1, 5))), [june(1, 6)])

    def test_set(self):
        self.assertEqual(merge({june(7, 8), june(1, 2)}), [june(1, 2), june(7, 8)])

    def test_generator(self):
        self.assertEqual(merge(june(n, n + 1) for n in (9, 3)), [june(3, 4), june(9, 10)])

    def test_result_is_sorted(self):
        result = merge([june(20, 22), june(1, 3), june(10, 12)])
        self.assertEqual([item.first.day for item in result], [1, 10, 20])

    def test_result_is_a_new_list(self):
        bookings = [june(1, 2)]
        merge(bookings).clear()
        self.assertEqual(bookings, [june(1, 2)])
