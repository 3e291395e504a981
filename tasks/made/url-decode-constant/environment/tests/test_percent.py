import unittest

from urlkit import decode, encode


class PercentTests(unittest.TestCase):
    def test_encode_space_and_slash(self):
        self.assertEqual(encode("a b/c"), "a%20b%2Fc")

    def test_encode_accent(self):
        self.assertEqual(encode("café"), "caf%C3%A9")

    def test_decode_space(self):
        self.assertEqual(decode("a%20b"), "a b")

    def test_decode_accent(self):
        self.assertEqual(decode("caf%C3%A9"), "café")

    def test_lone_percent_stays(self):
        self.assertEqual(decode("100%"), "100%")
