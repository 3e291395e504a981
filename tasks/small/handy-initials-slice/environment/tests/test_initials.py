import unittest

from handy.words import initials


class InitialsTests(unittest.TestCase):
    def test_initials_1(self):
        self.assertEqual(initials("ada lovelace"), 'AL')

    def test_initials_2(self):
        self.assertEqual(initials("Grace Brewster Hopper"), 'GBH')

    def test_initials_3(self):
        self.assertEqual(initials(""), '')

    def test_initials_4(self):
        self.assertEqual(initials("plato"), 'P')
