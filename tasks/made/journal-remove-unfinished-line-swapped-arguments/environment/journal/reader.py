"""Reading a journal."""

import os
from collections import Counter

from .record import DamagedRecord, decode


def read(path):
    """Return all entries in order; a file that does not exist has none."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", errors="replace") as file:
        return list(entries(file))


def entries(lines):
    """Decode lines; skip a last one that a crash cut short (no newline)."""
    for line in lines:
        try:
            entry = decode(line)
        except DamagedRecord:
            if line.endswith("\n"):
                raise
            return
        yield entry


def count_kinds(path):
    """How many entries there are of each kind."""
    return Counter(entry["kind"] for entry in read(path))
