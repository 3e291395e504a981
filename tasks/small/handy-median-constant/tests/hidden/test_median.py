import unittest

from handy.numbers import median


class MedianTests(unittest.TestCase):
    def test_median_1(self):
        self.assertEqual(median([3, 1, 2]), 2)

    def test_median_2(self):
        self.assertEqual(median([4, 1, 3, 2]), 2.5)

    def test_median_3(self):
        self.assertEqual(median([7]), 7)

    def test_median_4(self):
        self.assertEqual(median([10, 20]), 15.0)

    def test_median_5(self):
        self.assertEqual(median([3, 1]), 2.0)

    def test_median_6(self):
        self.assertEqual(median([2, 1, 3]), 2)

    def test_median_7(self):
        self.assertEqual(median([3, 1, 2, 3]), 2.5)

    def test_median_8(self):
        self.assertEqual(median([3, 1, 3]), 3)
