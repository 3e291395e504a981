import unittest

from tidy.lists import runs


class RunsTests(unittest.TestCase):
    def test_runs_1(self):
        self.assertEqual(runs("aaabb"), [('a', 3), ('b', 2)])

    def test_runs_2(self):
        self.assertEqual(runs([1, 2, 2]), [(1, 1), (2, 2)])

    def test_runs_3(self):
        self.assertEqual(runs([]), [])

    def test_runs_4(self):
        self.assertEqual(runs("x"), [('x', 1)])

    def test_runs_5(self):
        self.assertEqual(runs('bbaaa'), [('b', 2), ('a', 3)])
