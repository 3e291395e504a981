import unittest

from urlkit import Url


class UrlTests(unittest.TestCase):
    def test_default_port_is_not_written(self):
        self.assertEqual(str(Url.parse("https://Site.org:443/a")), "https://site.org/a")

    def test_follow_keeps_the_host(self):
        page = Url.parse("http://site.org:8080/docs/a.html?x=1")
        self.assertEqual(str(page.follow("b.html#top")), "http://site.org:8080/docs/b.html#top")

    def test_other_schemes_are_refused(self):
        with self.assertRaises(ValueError):
            Url.parse("mailto:someone")
