import unittest

from handy.numbers import ordinal


class OrdinalTests(unittest.TestCase):
    def test_ordinal_1(self):
        self.assertEqual(ordinal(1), '1st')

    def test_ordinal_2(self):
        self.assertEqual(ordinal(12), '12th')

    def test_ordinal_3(self):
        self.assertEqual(ordinal(22), '22nd')

    def test_ordinal_4(self):
        self.assertEqual(ordinal(113), '113th')

    def test_ordinal_5(self):
        self.assertEqual(ordinal(4), '4th')

    def test_ordinal_6(self):
        self.assertEqual(ordinal(2), '2nd')

    def test_ordinal_7(self):
        self.assertEqual(ordinal(0), '0th')

    def test_ordinal_8(self):
        self.assertEqual(ordinal(5), '5th')
