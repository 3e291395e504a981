import unittest

from versions import Version


class ParseTests(unittest.TestCase):
    def test_plain(self):
        self.assertEqual(Version.parse("1.20.3").numbers, (1, 20, 3))

    def test_prerelease_with_hyphen(self):
        self.assertEqual(Version.parse("1.0.0-pre-alpha.1").prerelease, "pre-alpha.1")

    def test_build_is_ignored(self):
        self.assertEqual(Version.parse("1.0.0+linux"), Version.parse("1.0.0"))

    def test_too_few_numbers(self):
        with self.assertRaises(ValueError):
            Version.parse("1.2")


class OrderTests(unittest.TestCase):
    def test_numbers(self):
        self.assertLess(Version.parse("1.9.0"), Version.parse("1.10.0"))

    def test_prerelease_before_release(self):
        self.assertLess(Version.parse("2.0.0-rc.1"), Version.parse("2.0.0"))

    def test_prerelease_numbers_by_value(self):
        self.assertLess(Version.parse("2.0.0-rc.9"), Version.parse("2.0.0-rc.10"))


class BumpTests(unittest.TestCase):
    def test_minor_resets_patch(self):
        self.assertEqual(str(Version.parse("1.4.7").bump("minor")), "1.5.0")
