"""The cache itself: an ordered dictionary, oldest key first."""

from collections import OrderedDict


class LRUCache:
    def __init__(self, capacity, listeners=()):
        if capacity < 1:
            raise ValueError("capacity must be at least 1")
        self.capacity = capacity
        self._listeners = list(listeners)
        self._data = OrderedDict()

    def add_listener(self, listener):
        """Call listener(key, value) whenever a value is pushed out."""
        self._listeners.append(listener)

    def get(self, key, default=None):
        """The value of a key, which becomes the newest one."""
        if key not in self._data:
            return default
        self._data.move_to_end(key)
        return self._data[key]

    def put(self, key, value):
        """Store a value; a full cache pushes its oldest one out."""
        if key not in self._data and len(self._data) >= self.capacity:
            self._push_out()
        self._data[key] = value
        self._data.move_to_end(key)

    def remove(self, key):
        """Forget a key, without telling the listeners."""
        self._data.pop(key, None)

    def _push_out(self):
        key, value = self._data.popitem(last=False)
        for listener in self._listeners:
            listener(key, value)

    def keys(self):
        """The keys, oldest first."""
        return list(self._data)

    def __contains__(self, key):
        return key in self._data

    def __len__(self):
        return len(self._data)
