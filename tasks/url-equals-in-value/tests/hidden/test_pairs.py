import unittest

from urlkit import build_query, parse_query


class PairTests(unittest.TestCase):
    def test_base64(self):
        self.assertEqual(parse_query("token=abc=="), [("token", "abc==")])

    def test_only_equals_signs_after_the_key(self):
        self.assertEqual(parse_query("a===&b=1"), [("a", "=="), ("b", "1")])

    def test_key_alone(self):
        self.assertEqual(parse_query("debug&x=1"), [("debug", ""), ("x", "1")])

    def test_empty_key(self):
        self.assertEqual(parse_query("=5"), [("", "5")])

    def test_repeated_key(self):
        self.assertEqual(parse_query("t=1&t=2&t="), [("t", "1"), ("t", "2"), ("t", "")])

    def test_empty_pieces(self):
        self.assertEqual(parse_query("&a=1&&"), [("a", "1")])

    def test_encoded_equals_sign(self):
        pairs = [("a=b", "c=d")]
        self.assertEqual(build_query(pairs), "a%3Db=c%3Dd")
        self.assertEqual(parse_query(build_query(pairs)), pairs)
