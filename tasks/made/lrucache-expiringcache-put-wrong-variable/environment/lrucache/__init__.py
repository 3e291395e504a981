"""Caches of limited size."""

from .cache import LRUCache
from .expiring import ExpiringCache
from .memo import memoize

__all__ = ["ExpiringCache", "LRUCache", "memoize"]
