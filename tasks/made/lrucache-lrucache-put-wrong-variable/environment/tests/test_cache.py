import unittest

from lrucache import LRUCache


class CacheTests(unittest.TestCase):
    def test_oldest_is_pushed_out(self):
        cache = LRUCache(2)
        for key in "abc":
            cache.put(key, key.upper())
        self.assertEqual(cache.keys(), ["b", "c"])
        self.assertEqual(cache.get("a", "gone"), "gone")

    def test_reading_makes_newest(self):
        cache = LRUCache(2)
        cache.put("a", 1)
        cache.put("b", 2)
        cache.get("a")
        cache.put("c", 3)
        self.assertEqual(cache.keys(), ["a", "c"])

    def test_storing_again_pushes_nothing_out(self):
        cache = LRUCache(2)
        cache.put("a", 1)
        cache.put("b", 2)
        cache.put("b", 3)
        self.assertEqual(cache.keys(), ["a", "b"])
        self.assertEqual(cache.get("b"), 3)

    def test_capacity_must_be_positive(self):
        with self.assertRaises(ValueError):
            LRUCache(0)


class ListenerTests(unittest.TestCase):
    def test_listener_is_told(self):
        seen = []
        cache = LRUCache(1, [lambda key, value: seen.append((key, value))])
        cache.put("a", 1)
        cache.put("b", 2)
        self.assertEqual(seen, [("a", 1)])

    def test_caches_have_their_own_listeners(self):
        seen = []
        first, second = LRUCache(1), LRUCache(1)
        first.add_listener(lambda key, value: seen.append(key))
        second.put("x", 1)
        second.put("y", 2)
        self.assertEqual(seen, [])
