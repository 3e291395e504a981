import unittest

import broken


class SyntaxTests(unittest.TestCase):
    def test_a(self):
        self.assertEqual(broken.join("a", "b"), "a b")
