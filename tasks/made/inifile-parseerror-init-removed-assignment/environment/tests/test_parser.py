import unittest

from inifile import ParseError, dump, parse


class ParserTests(unittest.TestCase):
    def test_sections_and_pairs(self):
        config = parse("top = 1\n[a]\nx = 2\n\n[b c]\ny=3=4\n")
        self.assertEqual(config, {"": {"top": "1"}, "a": {"x": "2"}, "b c": {"y": "3=4"}})

    def test_comment_lines(self):
        self.assertEqual(parse("; one\n# two\n  ; three\n"), {})

    def test_comment_after_a_value(self):
        self.assertEqual(parse("host = example.org  ; main"), {"": {"host": "example.org"}})

    def test_mark_inside_a_word_is_no_comment(self):
        self.assertEqual(parse("color = black#1"), {"": {"color": "black#1"}})

    def test_unreadable_line(self):
        with self.assertRaises(ParseError) as caught:
            parse("[a]\nnonsense\n")
        self.assertEqual(caught.exception.number, 2)

    def test_dump_is_read_back(self):
        config = {"": {"a": "1"}, "s": {"b": "two words"}}
        self.assertEqual(parse(dump(config)), config)
