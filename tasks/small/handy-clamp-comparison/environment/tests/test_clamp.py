import unittest

from handy.numbers import clamp


class ClampTests(unittest.TestCase):
    def test_clamp_1(self):
        self.assertEqual(clamp(5, 0, 10), 5)

    def test_clamp_2(self):
        self.assertEqual(clamp(-3, 0, 10), 0)

    def test_clamp_3(self):
        self.assertEqual(clamp(42, 0, 10), 10)

    def test_clamp_5(self):
        self.assertEqual(clamp(6, 0, 10), 6)
