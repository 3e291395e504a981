import unittest

from handy.words import rotate


class RotateTests(unittest.TestCase):
    def test_rotate_1(self):
        self.assertEqual(rotate("abc", 1), 'bcd')

    def test_rotate_2(self):
        self.assertEqual(rotate("xyz", 3), 'abc')

    def test_rotate_3(self):
        self.assertEqual(rotate("hello, world", 13), 'uryyb, jbeyq')

    def test_rotate_4(self):
        self.assertEqual(rotate("ABC", 1), 'ABC')

    def test_rotate_5(self):
        self.assertEqual(rotate('cba', 1), 'dcb')

    def test_rotate_6(self):
        self.assertEqual(rotate('bc', 1), 'cd')

    def test_rotate_7(self):
        self.assertEqual(rotate('', 1), '')

    def test_rotate_8(self):
        self.assertEqual(rotate('abc', 0), 'abc')
