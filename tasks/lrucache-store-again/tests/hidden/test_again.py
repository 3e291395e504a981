import unittest

from lrucache import ExpiringCache, LRUCache


class StoreAgainTests(unittest.TestCase):
    def full(self, listeners=()):
        cache = LRUCache(3, listeners)
        for key in "abc":
            cache.put(key, key.upper())
        return cache

    def test_oldest_key_stored_again_becomes_newest(self):
        cache = self.full()
        cache.put("a", 1)
        self.assertEqual(cache.keys(), ["b", "c", "a"])

    def test_middle_key_stored_again(self):
        cache = self.full()
        cache.put("b", 1)
        self.assertEqual([cache.get(key) for key in "abc"], ["A", 1, "C"])

    def test_listeners_hear_nothing(self):
        seen = []
        cache = self.full([lambda key, value: seen.append(key)])
        cache.put("c", 1)
        cache.put("a", 2)
        self.assertEqual(seen, [])

    def test_expiring_cache_keeps_its_size(self):
        cache = ExpiringCache(2, 10, clock=lambda: 0)
        for key in ["x", "y", "y"]:
            cache.put(key, key)
        self.assertEqual(len(cache), 2)

    def test_new_key_pushes_the_oldest_out(self):
        cache = self.full()
        cache.put("d", 4)
        self.assertEqual(cache.keys(), ["b", "c", "d"])

    def test_key_stored_again_before_the_cache_is_full(self):
        cache = LRUCache(3)
        for key in "aba":
            cache.put(key, 0)
        self.assertEqual(cache.keys(), ["b", "a"])

    def test_removed_key_makes_room(self):
        cache = self.full()
        cache.remove("b")
        cache.put("d", 4)
        self.assertEqual(cache.keys(), ["a", "c", "d"])
