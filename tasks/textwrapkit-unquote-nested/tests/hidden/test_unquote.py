import unittest

from textwrapkit import quote, unquote


class UnquoteTests(unittest.TestCase):
    def test_three_levels(self):
        self.assertEqual(unquote("> > > deep"), "> > deep")

    def test_indented_code_keeps_its_spaces(self):
        self.assertEqual(unquote("> if x:\n>     return"), "if x:\n    return")

    def test_unquoted_indented_line_is_left(self):
        self.assertEqual(unquote("  plain"), "  plain")

    def test_other_marker(self):
        self.assertEqual(unquote("| || pipes", "| "), "|| pipes")

    def test_round_trip_of_a_quoted_text(self):
        text = "> a\n\nb"
        self.assertEqual(unquote(quote(text)), text)

    def test_blank_quoted_line(self):
        self.assertEqual(unquote("> a\n>\n> b"), "a\n\nb")

    def test_simple_reply(self):
        self.assertEqual(unquote("> yes\n> no"), "yes\nno")
