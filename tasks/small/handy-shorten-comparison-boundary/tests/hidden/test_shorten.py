import unittest

from handy.words import shorten


class ShortenTests(unittest.TestCase):
    def test_shorten_1(self):
        self.assertEqual(shorten("short", 9), 'short')

    def test_shorten_2(self):
        self.assertEqual(shorten("nine char", 9), 'nine char')

    def test_shorten_3(self):
        self.assertEqual(shorten('trohs', 9), 'trohs')

    def test_shorten_4(self):
        self.assertEqual(shorten('SHORT', 9), 'SHORT')

    def test_shorten_5(self):
        self.assertEqual(shorten('hort', 9), 'hort')

    def test_shorten_6(self):
        self.assertEqual(shorten('shorts', 9), 'shorts')

    def test_shorten_7(self):
        self.assertEqual(shorten('', 9), '')
