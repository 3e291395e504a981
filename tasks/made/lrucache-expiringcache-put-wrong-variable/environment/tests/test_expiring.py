import unittest

from lrucache import ExpiringCache


class ExpiringTests(unittest.TestCase):
    def setUp(self):
        self.now = 100
        self.cache = ExpiringCache(2, lifetime=10, clock=lambda: self.now)

    def test_young_value(self):
        self.cache.put("a", 1)
        self.now += 9
        self.assertEqual(self.cache.get("a"), 1)

    def test_old_value(self):
        self.cache.put("a", 1)
        self.now += 10
        self.assertIsNone(self.cache.get("a"))
        self.assertEqual(len(self.cache), 0)
