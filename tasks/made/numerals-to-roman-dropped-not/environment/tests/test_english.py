import unittest

from numerals import ordinal, spell


class EnglishTests(unittest.TestCase):
    def test_ordinal(self):
        self.assertEqual([ordinal(n) for n in (1, 2, 3, 4)], ["1st", "2nd", "3rd", "4th"])
        self.assertEqual([ordinal(n) for n in (21, 32, 103)], ["21st", "32nd", "103rd"])

    def test_ordinal_teens(self):
        self.assertEqual([ordinal(n) for n in (11, 12, 13)], ["11th", "12th", "13th"])

    def test_ordinal_ending_in_eleven(self):
        self.assertEqual(ordinal(111), "111th")

    def test_spell(self):
        self.assertEqual(spell(0), "zero")
        self.assertEqual(spell(42), "forty-two")
        self.assertEqual(spell(1005), "one thousand and five")
        self.assertEqual(spell(12340), "twelve thousand three hundred and forty")
