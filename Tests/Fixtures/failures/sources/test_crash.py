import unittest

import crash


class CrashTests(unittest.TestCase):
    def test_alive(self):
        pass

    def test_null(self):
        crash.read_null()
