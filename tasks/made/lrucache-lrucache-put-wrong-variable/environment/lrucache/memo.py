"""A decorator that remembers the results of a function."""

from functools import wraps

from .cache import LRUCache

MISSING = object()


def memoize(capacity=128):
    """Remember the results of the last calls with different arguments."""

    def decorate(function):
        cache = LRUCache(capacity)

        @wraps(function)
        def wrapper(*args, **kwargs):
            key = (args, tuple(sorted(kwargs.items())))
            result = cache.get(key, MISSING)
            if result is MISSING:
                result = function(*args, **kwargs)
                cache.put(key, result)
            return result

        wrapper.cache = cache
        return wrapper

    return decorate
