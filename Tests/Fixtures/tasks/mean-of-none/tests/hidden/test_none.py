import unittest

from stats.average import mean, total


class NoneTests(unittest.TestCase):
    def test_mean_of_none(self):
        self.assertEqual(mean([]), 0)

    def test_mean_of_empty_tuple(self):
        """An empty tuple is none, too."""
        self.assertEqual(mean(()), 0)

    def test_total_of_none(self):
        self.assertEqual(total([]), 0)
