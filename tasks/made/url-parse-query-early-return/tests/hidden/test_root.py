import unittest

from urlkit import Url, join, normalize


class RootTests(unittest.TestCase):
    def test_two_too_many(self):
        self.assertEqual(normalize("/a/../../../b"), "/b")

    def test_nothing_left(self):
        self.assertEqual(normalize("/.."), "/")

    def test_join(self):
        self.assertEqual(join("/index.html", "../../style.css"), "/style.css")

    def test_follow(self):
        page = Url.parse("http://site.org/a/b")
        self.assertEqual(str(page.follow("../../../c?x=1")), "http://site.org/c?x=1")

    def test_down_and_up_again(self):
        self.assertEqual(normalize("/a/../b/./c/.."), "/b/")

    def test_folder_stays_a_folder(self):
        self.assertEqual(normalize("/a/b/"), "/a/b/")

    def test_root(self):
        self.assertEqual(normalize("/"), "/")
