import unittest

from tidy.lists import flatten


class FlattenTests(unittest.TestCase):
    def test_flatten_1(self):
        self.assertEqual(flatten([1, [2, [3, 4]], 5]), [1, 2, 3, 4, 5])

    def test_flatten_2(self):
        self.assertEqual(flatten([]), [])

    def test_flatten_3(self):
        self.assertEqual(flatten([[1], [2]]), [1, 2])

    def test_flatten_4(self):
        self.assertEqual(flatten([7, 8]), [7, 8])

    def test_flatten_5(self):
        self.assertEqual(flatten([1, [2, [3, 4]]]), [1, 2, 3, 4])
