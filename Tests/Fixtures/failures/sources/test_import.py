import unittest

from calc import median


class ImportTests(unittest.TestCase):
    def test_median(self):
        self.assertEqual(median([1]), 1)
