import unittest

from textwrapkit import indent, quote, unquote


class QuoteTests(unittest.TestCase):
    def test_quote_marks_every_line(self):
        self.assertEqual(quote("hello\n\nworld"), "> hello\n>\n> world")

    def test_unquote_undoes_quote(self):
        text = "hello\n\nworld"
        self.assertEqual(unquote(quote(text)), text)

    def test_unquote_removes_one_level_only(self):
        self.assertEqual(unquote("> > earlier\n> now"), "> earlier\nnow")

    def test_unquote_leaves_other_lines(self):
        self.assertEqual(unquote("plain\n> quoted"), "plain\nquoted")

    def test_indent_skips_blank_lines(self):
        self.assertEqual(indent("a\n\nb", "  "), "  a\n\n  b")
