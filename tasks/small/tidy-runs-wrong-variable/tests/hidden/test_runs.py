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

    def test_runs_6(self):
        self.assertEqual(runs('AAABB'), [('A', 3), ('B', 2)])

    def test_runs_7(self):
        self.assertEqual(runs('aabb'), [('a', 2), ('b', 2)])

    def test_runs_8(self):
        self.assertEqual(runs('aaabba'), [('a', 3), ('b', 2), ('a', 1)])
