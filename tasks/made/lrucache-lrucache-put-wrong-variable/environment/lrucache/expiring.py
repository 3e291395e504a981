"""A cache whose values have a lifetime."""

import time

from .cache import LRUCache


class ExpiringCache:
    def __init__(self, capacity, lifetime, clock=time.monotonic):
        self._cache = LRUCache(capacity)
        self._lifetime = lifetime
        self._clock = clock

    def put(self, key, value):
        """Store a value, whose lifetime starts now."""
        self._cache.put(key, (value, self._clock() + self._lifetime))

    def get(self, key, default=None):
        """The value of a key, or the default if it is missing or too old."""
        found = self._cache.get(key)
        if found is None:
            return default
        value, end = found
        if self._clock() >= end:
            self._cache.remove(key)
            return default
        return value

    def __len__(self):
        return len(self._cache)
