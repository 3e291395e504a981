import unittest

from tidy.lists import unique


class UniqueTests(unittest.TestCase):
    def test_unique_1(self):
        self.assertEqual(unique([3, 1, 3, 2, 1]), [3, 1, 2])

    def test_unique_2(self):
        self.assertEqual(unique([]), [])

    def test_unique_3(self):
        self.assertEqual(unique(["a"]), ['a'])

    def test_unique_4(self):
        self.assertEqual(unique([1, 2]), [1, 2])

    def test_unique_5(self):
        self.assertEqual(unique([3, 1, 3, 2]), [3, 1, 2])

    def test_unique_6(self):
        self.assertEqual(unique([1, 2, 3, 1, 3]), [1, 2, 3])

    def test_unique_7(self):
        self.assertEqual(unique([1, 3, 2, 1, 3]), [1, 3, 2])

    def test_unique_8(self):
        self.assertEqual(unique([4, 1, 3, 2, 1]), [4, 1, 3, 2])
