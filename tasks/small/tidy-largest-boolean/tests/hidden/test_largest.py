import unittest

from tidy.lists import largest


class LargestTests(unittest.TestCase):
    def test_largest_1(self):
        self.assertEqual(largest([3, 9, 4, 1], 2), [9, 4])

    def test_largest_2(self):
        self.assertEqual(largest([1], 3), [1])

    def test_largest_3(self):
        self.assertEqual(largest([], 1), [])

    def test_largest_4(self):
        self.assertEqual(largest([5, 6], 1), [6])

    def test_largest_5(self):
        self.assertEqual(largest([3, 9, 4], 2), [9, 4])

    def test_largest_6(self):
        self.assertEqual(largest([3, 10, 4, 1], 2), [10, 4])

    def test_largest_7(self):
        self.assertEqual(largest([3, 9, 5, 1], 2), [9, 5])

    def test_largest_8(self):
        self.assertEqual(largest([3, 9, 4, 1], 3), [9, 4, 3])
