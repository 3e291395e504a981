import unittest

from tidy.lists import split_by


class SplitByTests(unittest.TestCase):
    def test_split_by_1(self):
        self.assertEqual(split_by([1, 2, 3, 4], lambda n: n > 2), ([3, 4], [1, 2]))

    def test_split_by_2(self):
        self.assertEqual(split_by([], bool), ([], []))

    def test_split_by_4(self):
        self.assertEqual(split_by(["a", ""], bool), (['a'], ['']))

    def test_split_by_5(self):
        self.assertEqual(split_by([1, 2, 3], lambda n: n > 2), ([3], [1, 2]))
