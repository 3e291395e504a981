import unittest

from handy.numbers import percent


class PercentTests(unittest.TestCase):
    def test_percent_1(self):
        self.assertEqual(percent(1, 4), 25)

    def test_percent_2(self):
        self.assertEqual(percent(2, 3), 66)

    def test_percent_3(self):
        self.assertEqual(percent(5, 5), 100)

    def test_percent_4(self):
        self.assertEqual(percent(3, 0), 0)

    def test_percent_5(self):
        self.assertEqual(percent(2, 4), 50)

    def test_percent_6(self):
        self.assertEqual(percent(0, 4), 0)

    def test_percent_7(self):
        self.assertEqual(percent(5, 4), 125)

    def test_percent_8(self):
        self.assertEqual(percent(1, 5), 20)
