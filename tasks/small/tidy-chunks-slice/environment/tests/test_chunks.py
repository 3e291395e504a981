import unittest

from tidy.lists import chunks


class ChunksTests(unittest.TestCase):
    def test_chunks_1(self):
        self.assertEqual(chunks([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]])

    def test_chunks_2(self):
        self.assertEqual(chunks([1, 2], 2), [[1, 2]])

    def test_chunks_3(self):
        self.assertEqual(chunks([], 3), [])

    def test_chunks_4(self):
        self.assertEqual(chunks(["a", "b", "c"], 1), [['a'], ['b'], ['c']])

    def test_chunks_5(self):
        self.assertEqual(chunks([1, 2, 3, 4], 2), [[1, 2], [3, 4]])
