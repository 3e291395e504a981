import unittest

from tidy.lists import merge


class MergeTests(unittest.TestCase):
    def test_merge_1(self):
        self.assertEqual(merge([1, 4], [2, 3]), [1, 2, 3, 4])

    def test_merge_2(self):
        self.assertEqual(merge([], [1]), [1])

    def test_merge_3(self):
        self.assertEqual(merge([1, 2], []), [1, 2])

    def test_merge_4(self):
        self.assertEqual(merge([5], [1, 9]), [1, 5, 9])

    def test_merge_6(self):
        self.assertEqual(merge([1, 4, 1], [2, 3]), [1, 2, 3, 4, 1])
