"""Appending to a journal."""

import os

from .reader import read
from .record import encode


class Writer:
    """Use in a `with` block, or call close()."""

    def __init__(self, path):
        _remove_unfinished_line(path)
        past = read(path)
        self._next = past[-1]["number"] + 1 if past else 1
        self._file = open(path, "a", encoding="utf-8")

    def append(self, kind, **data):
        """Write an entry and return its number."""
        number = self._next
        self._file.write(encode({"number": number, "kind": kind, "data": data}))
        self._file.flush()
        self._next += 1
        return number

    def close(self):
        self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def _remove_unfinished_line(path):
    if not os.path.exists(path):
        return
    with open(path, "r+b") as file:
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)
