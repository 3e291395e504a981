import unittest

from urlkit import join, normalize


class PathTests(unittest.TestCase):
    def test_dot_is_dropped(self):
        self.assertEqual(normalize("/a/./b"), "/a/b")

    def test_parent(self):
        self.assertEqual(normalize("/a/b/../c"), "/a/c")

    def test_parent_of_the_root_is_the_root(self):
        self.assertEqual(normalize("/../logo.png"), "/logo.png")

    def test_join_beside(self):
        self.assertEqual(join("/docs/intro.html", "next.html"), "/docs/next.html")

    def test_join_absolute(self):
        self.assertEqual(join("/docs/intro.html", "/home"), "/home")
