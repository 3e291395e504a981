import unittest

from tidy.lists import split_by


class SplitByTests(unittest.TestCase):
    def test_split_by_1(self):
        self.assertEqual(split_by([1, 2, 3, 4], lambda n: n > 2), ([3, 4], [1, 2]))

    def test_split_by_2(self):
        self.assertEqual(split_by([], bool), ([], []))

    def test_split_by_3(self):
        self.assertEqual(split_by([0, 1], bool), ([1], [0]))

    def test_split_by_4(self):
        self.assertEqual(split_by(["a", ""], bool), (['a'], ['']))

    def test_split_by_5(self):
        self.assertEqual(split_by([1, 2, 3], lambda n: n > 2), ([3], [1, 2]))

    def test_split_by_6(self):
        self.assertEqual(split_by([4, 3, 2, 1], lambda n: n > 2), ([4, 3], [2, 1]))

    def test_split_by_7(self):
        self.assertEqual(split_by([2, 3, 4, 1], lambda n: n > 2), ([3, 4], [2, 1]))

    def test_split_by_8(self):
        self.assertEqual(split_by([1, 2, 3, 4, 1], lambda n: n > 2), ([3, 4], [1, 2, 1]))
