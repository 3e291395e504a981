import unittest

from tidy.lists import pairs


class PairsTests(unittest.TestCase):
    def test_pairs_1(self):
        self.assertEqual(pairs([1, 2, 3]), [(1, 2), (2, 3)])

    def test_pairs_2(self):
        self.assertEqual(pairs("ab"), [('a', 'b')])

    def test_pairs_3(self):
        self.assertEqual(pairs([1]), [])

    def test_pairs_4(self):
        self.assertEqual(pairs([]), [])

    def test_pairs_5(self):
        self.assertEqual(pairs([1, 2]), [(1, 2)])

    def test_pairs_6(self):
        self.assertEqual(pairs([3, 2, 1]), [(3, 2), (2, 1)])

    def test_pairs_7(self):
        self.assertEqual(pairs([2, 3, 1]), [(2, 3), (3, 1)])

    def test_pairs_8(self):
        self.assertEqual(pairs([1, 2, 3, 1]), [(1, 2), (2, 3), (3, 1)])
