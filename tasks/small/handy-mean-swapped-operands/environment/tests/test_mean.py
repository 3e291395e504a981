import unittest

from handy.numbers import mean


class MeanTests(unittest.TestCase):
    def test_mean_1(self):
        self.assertEqual(mean([1, 2, 3]), 2.0)

    def test_mean_2(self):
        self.assertEqual(mean([10]), 10.0)

    def test_mean_3(self):
        self.assertEqual(mean([]), 0)

    def test_mean_5(self):
        self.assertEqual(mean([1, 2]), 1.5)
