import unittest

from versions import Version, newest


class HyphenTests(unittest.TestCase):
    def test_several_hyphens(self):
        self.assertEqual(Version.parse("2.1.0-x-y-z.7").prerelease, "x-y-z.7")

    def test_two_hyphens_in_a_row(self):
        self.assertEqual(Version.parse("1.0.0--").prerelease, "-")

    def test_with_build(self):
        version = Version.parse("1.0.0-rc-1+build-5")
        self.assertEqual(str(version), "1.0.0-rc-1")

    def test_newest(self):
        found = newest(["1.0.0-a-1", "1.0.0-a-2"], "<1.0.0", prereleases=True)
        self.assertEqual(str(found), "1.0.0-a-2")

    def test_hyphen_in_build_only(self):
        self.assertEqual(Version.parse("1.2.3+a-b").prerelease, "")

    def test_nothing_after_the_hyphen(self):
        with self.assertRaises(ValueError):
            Version.parse("1.2.3-")

    def test_other_signs_are_refused(self):
        for text in ["1.2.3-a_b", "1.2.3-a b", "1.2.3.4", "1,2,3"]:
            with self.assertRaises(ValueError):
                Version.parse(text)
