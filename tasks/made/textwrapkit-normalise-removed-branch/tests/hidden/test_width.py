import unittest

from textwrapkit import fill, wrap


class FullWidthTests(unittest.TestCase):
    def test_two_words_fit_exactly(self):
        self.assertEqual(wrap("to be or not", 5), ["to be", "or", "not"])

    def test_three_words_fit_exactly(self):
        self.assertEqual(wrap("a b c d e f", 5), ["a b c", "d e f"])

    def test_fill_uses_the_whole_width(self):
        self.assertEqual(fill("ab cd ef\n\ngh ij", 5), "ab cd\nef\n\ngh ij")

    def test_lines_never_exceed_the_width(self):
        text = "the quick brown fox jumps over the lazy dog " * 3
        for width in range(1, 30):
            self.assertTrue(all(len(line) <= width for line in wrap(text, width)))

    def test_one_character_too_many(self):
        self.assertEqual(wrap("aaa bbbb", 7), ["aaa", "bbbb"])

    def test_rest_of_a_cut_word_is_its_own_line(self):
        self.assertEqual(wrap("abcdef x", 4), ["abcd", "ef x"])
