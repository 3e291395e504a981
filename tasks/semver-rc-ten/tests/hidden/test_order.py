import unittest

from versions import Version, newest


def ordered(texts):
    return [str(v) for v in sorted(map(Version.parse, texts))]


class OrderTests(unittest.TestCase):
    def test_ten_after_two(self):
        self.assertEqual(
            ordered(["1.0.0-beta.10", "1.0.0-beta.2", "1.0.0-beta.1"]),
            ["1.0.0-beta.1", "1.0.0-beta.2", "1.0.0-beta.10"])

    def test_number_alone(self):
        self.assertEqual(ordered(["1.0.0-100", "1.0.0-20"]), ["1.0.0-20", "1.0.0-100"])

    def test_newest_candidate(self):
        found = newest(["3.0.0-rc.8", "3.0.0-rc.11"], ">=2.0.0", prereleases=True)
        self.assertEqual(str(found), "3.0.0-rc.11")

    def test_same_length(self):
        self.assertEqual(ordered(["1.0.0-a.7", "1.0.0-a.5"]), ["1.0.0-a.5", "1.0.0-a.7"])

    def test_numbers_before_words(self):
        self.assertEqual(ordered(["1.0.0-a", "1.0.0-9"]), ["1.0.0-9", "1.0.0-a"])

    def test_words_alphabetically(self):
        self.assertEqual(
            ordered(["1.0.0", "1.0.0-rc", "1.0.0-alpha.beta", "1.0.0-alpha"]),
            ["1.0.0-alpha", "1.0.0-alpha.beta", "1.0.0-rc", "1.0.0"])
