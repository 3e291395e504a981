import unittest

from urlkit import decode, encode, parse_query


class LetterTests(unittest.TestCase):
    def test_round_trips(self):
        for text in ["Zürich", "日本", "naïve café", "🚲"]:
            self.assertEqual(decode(encode(text)), text)

    def test_lower_case_digits(self):
        self.assertEqual(decode("%c3%bc"), "ü")

    def test_letter_that_was_never_encoded(self):
        self.assertEqual(decode("é%21"), "é!")

    def test_query_value(self):
        self.assertEqual(parse_query("stadt=K%C3%B6ln"), [("stadt", "Köln")])

    def test_ascii(self):
        self.assertEqual(decode("%7Ea%2Fb%00"), "~a/b\0")

    def test_incomplete_escape_stays(self):
        self.assertEqual(decode("%4"), "%4")
        self.assertEqual(decode("%zz"), "%zz")
