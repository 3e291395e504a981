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
