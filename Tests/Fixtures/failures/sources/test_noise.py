import unittest

import calc


class NoiseTests(unittest.TestCase):
    def test_noise(self):
        for number in range(400):
            print("line", number, "é" * 20)
        self.assertEqual(calc.mean([1, 2]), 2)
