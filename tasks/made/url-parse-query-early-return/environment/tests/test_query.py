import unittest

from urlkit import build_query, parse_query


class QueryTests(unittest.TestCase):
    def test_pairs_in_order(self):
        self.assertEqual(parse_query("b=2&a=1"), [("b", "2"), ("a", "1")])

    def test_value_with_equals_sign(self):
        self.assertEqual(parse_query("filter=size=10"), [("filter", "size=10")])

    def test_plus_is_a_space(self):
        self.assertEqual(parse_query("q=two+words"), [("q", "two words")])

    def test_build(self):
        self.assertEqual(build_query([("q", "a b"), ("n", 3)]), "q=a+b&n=3")
