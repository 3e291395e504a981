import unittest

from inifile import dump, parse


class InlineCommentTests(unittest.TestCase):
    def value(self, text):
        return parse(text)[""]["k"]

    def test_fragment_of_an_address(self):
        self.assertEqual(self.value("k = http://host/page#part"), "http://host/page#part")

    def test_semicolons_between_paths(self):
        self.assertEqual(self.value("k = /bin;/usr/bin"), "/bin;/usr/bin")

    def test_word_with_mark_and_then_a_comment(self):
        self.assertEqual(self.value("k = c#4 # a note"), "c#4")

    def test_dumped_mark_is_read_back(self):
        config = {"a#b": {"x;y": "1#2"}}
        self.assertEqual(parse(dump(config)), config)

    def test_comment_after_a_tab(self):
        self.assertEqual(self.value("k = v\t# note"), "v")

    def test_comment_after_several_spaces(self):
        self.assertEqual(self.value("k = v    ; note ; more"), "v")

    def test_comment_after_a_section(self):
        self.assertEqual(parse("[a] ; note\nx = 1"), {"a": {"x": "1"}})
