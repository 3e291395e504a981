import unittest


class SlowTests(unittest.TestCase):
    def test_fast(self):
        pass

    def test_loops(self):
        while True:
            pass
