import unittest

from numerals import read_all


class BatchTests(unittest.TestCase):
    def test_both_kinds(self):
        self.assertEqual(read_all(["XIV", "15", " xvi "]), ([14, 15, 16], []))

    def test_nothing(self):
        self.assertEqual(read_all([]), ([], []))

    def test_unread_words_have_their_position(self):
        self.assertEqual(read_all(["I", "IIX", "3"]), ([1, 3], [(1, "IIX")]))
