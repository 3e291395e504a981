import unittest

import calc


def setUpModule():
    calc.lookup({"a": 1}, "b")


class ModuleTests(unittest.TestCase):
    def test_a(self):
        pass
