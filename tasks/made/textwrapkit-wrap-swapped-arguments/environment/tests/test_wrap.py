import unittest

from textwrapkit import fill, wrap


class WrapTests(unittest.TestCase):
    def test_short_text_is_one_line(self):
        self.assertEqual(wrap("one two", 40), ["one two"])

    def test_a_line_may_use_the_whole_width(self):
        self.assertEqual(wrap("aaa bbb ccc", 7), ["aaa bbb", "ccc"])

    def test_long_words_are_cut(self):
        self.assertEqual(wrap("abcdefgh", 3), ["abc", "def", "gh"])

    def test_empty_text_has_no_lines(self):
        self.assertEqual(wrap("   ", 10), [])

    def test_width_must_be_positive(self):
        with self.assertRaises(ValueError):
            wrap("a", 0)


class FillTests(unittest.TestCase):
    def test_paragraphs_stay_apart(self):
        self.assertEqual(fill("a b\n\nc d", 20), "a b\n\nc d")
