import unittest

from tidy.lists import find


class FindTests(unittest.TestCase):
    def test_find_1(self):
        self.assertEqual(find([1, 3, 5, 7], 5), 2)

    def test_find_2(self):
        self.assertEqual(find([1, 3, 5, 7], 4), -1)

    def test_find_3(self):
        self.assertEqual(find([], 1), -1)

    def test_find_4(self):
        self.assertEqual(find([2, 4], 2), 0)

    def test_find_5(self):
        self.assertEqual(find([2, 4, 6], 6), 2)
