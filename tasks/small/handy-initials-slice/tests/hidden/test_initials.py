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

    def test_initials_5(self):
        self.assertEqual(initials('ecalevol ada'), 'EA')

    def test_initials_6(self):
        self.assertEqual(initials('ADA LOVELACE'), 'AL')

    def test_initials_7(self):
        self.assertEqual(initials('da lovelace'), 'DL')

    def test_initials_8(self):
        self.assertEqual(initials(''), '')
