import unittest

import calc


class DeepTests(unittest.TestCase):
    def test_recursion(self):
        calc.is_even(7)
