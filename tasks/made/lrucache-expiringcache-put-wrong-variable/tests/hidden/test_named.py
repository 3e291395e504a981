import unittest

from lrucache import memoize


class NamedArgumentTests(unittest.TestCase):
    def setUp(self):
        self.calls = 0

        @memoize(capacity=3)
        def join(*words, sep=" ", end=""):
            """Join words."""
            self.calls += 1
            return sep.join(words) + end

        self.join = join

    def test_other_value_of_a_name(self):
        self.assertEqual(self.join("a", "b", sep="-"), "a-b")
        self.assertEqual(self.join("a", "b", sep="+"), "a+b")

    def test_other_name_with_the_same_value(self):
        self.assertEqual(self.join("a", "b", sep="!"), "a!b")
        self.assertEqual(self.join("a", "b", end="!"), "a b!")

    def test_named_and_then_without(self):
        self.assertEqual(self.join("a", "b", end="."), "a b.")
        self.assertEqual(self.join("a", "b"), "a b")

    def test_order_of_names_does_not_matter(self):
        self.join("a", sep="-", end="!")
        self.join("a", end="!", sep="-")
        self.assertEqual(self.calls, 1)

    def test_repeated_call_is_remembered(self):
        self.join("a", "b")
        self.join("a", "b")
        self.assertEqual(self.calls, 1)

    def test_capacity_holds(self):
        for word in ["a", "b", "c", "d", "a"]:
            self.join(word)
        self.assertEqual(self.calls, 5)
        self.assertEqual(len(self.join.cache), 3)

    def test_function_keeps_its_name(self):
        self.assertEqual(self.join.__name__, "join")
