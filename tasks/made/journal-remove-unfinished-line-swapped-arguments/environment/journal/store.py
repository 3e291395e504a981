"""Keys and values whose whole history is kept in a journal."""

from .reader import read
from .writer import Writer


class Store:
    def __init__(self, path):
        self.path = path
        self._values = None  # what replaying the journal gave, or None

    def set(self, key, value):
        self._append("set", key=key, value=value)

    def delete(self, key):
        if key not in self.values():
            raise KeyError(key)
        self._append("delete", key=key)

    def get(self, key, default=None):
        return self.values().get(key, default)

    def values(self):
        if self._values is None:
            self._values = self._replay()
        return dict(self._values)

    def _append(self, kind, **data):
        with Writer(self.path) as writer:
            writer.append(kind, **data)
        self._values = None

    def _replay(self):
        values = {}
        for entry in read(self.path):
            key = entry["data"]["key"]
            if entry["kind"] == "set":
                values[key] = entry["data"]["value"]
            else:
                values.pop(key, None)
        return values
