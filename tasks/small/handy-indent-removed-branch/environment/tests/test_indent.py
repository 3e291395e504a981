import unittest

from handy.words import indent


class IndentTests(unittest.TestCase):
    def test_indent_1(self):
        self.assertEqual(indent("a", 2), '  a')

    def test_indent_2(self):
        self.assertEqual(indent("a"), '    a')

    def test_indent_3(self):
        self.assertEqual(indent("", 2), '')

    def test_indent_4(self):
        self.assertEqual(indent("x = 1", 1), ' x = 1')
