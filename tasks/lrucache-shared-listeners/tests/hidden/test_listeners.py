import unittest

from lrucache import LRUCache, memoize


class ListenerTests(unittest.TestCase):
    def setUp(self):
        self.seen = []

    def listen(self, key, value):
        self.seen.append((key, value))

    def overflow(self, cache):
        for number in range(cache.capacity + 1):
            cache.put(number, str(number))

    def test_later_cache_has_no_listeners(self):
        LRUCache(5).add_listener(self.listen)
        self.overflow(LRUCache(2))
        self.assertEqual(self.seen, [])

    def test_memoised_functions_are_apart(self):
        LRUCache(1).add_listener(self.listen)

        @memoize(capacity=1)
        def same(value):
            return value

        same(1), same(2)
        self.assertEqual(self.seen, [])

    def test_list_of_the_caller_stays(self):
        mine = [self.listen]
        LRUCache(1, mine).add_listener(print)
        self.assertEqual(mine, [self.listen])

    def test_two_caches_from_one_list(self):
        none = []
        first, second = LRUCache(1, none), LRUCache(1, none)
        first.add_listener(self.listen)
        self.overflow(second)
        self.assertEqual(self.seen, [])

    def test_added_listener_is_called(self):
        cache = LRUCache(2, [])
        cache.add_listener(self.listen)
        self.overflow(cache)
        self.assertEqual(self.seen, [(0, "0")])

    def test_given_and_added_listeners_are_called(self):
        cache = LRUCache(1, [self.listen])
        cache.add_listener(self.listen)
        self.overflow(cache)
        self.assertEqual(self.seen, [(0, "0"), (0, "0")])
