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

    def test_flatten_6(self):
        self.assertEqual(flatten([5, [2, [3, 4]], 1]), [5, 2, 3, 4, 1])

    def test_flatten_7(self):
        self.assertEqual(flatten([[2, [3, 4]], 5, 1]), [2, 3, 4, 5, 1])

    def test_flatten_8(self):
        self.assertEqual(flatten([1, [2, [3, 4]], 5, 1]), [1, 2, 3, 4, 5, 1])
