"""Configuration files on disk."""

import os
from contextlib import contextmanager

from .parser import parse
from .writer import dump


class LockedError(RuntimeError):
    """Another program is changing the file."""


def load(path):
    """Read a file."""
    with open(path, encoding="utf-8-sig") as handle:
        return parse(handle.read())


def save(path, config):
    """Write a whole file."""
    text = dump(config)
    with open(path, "w", encoding="utf-8", newline="\n") as handle:
        handle.write(text)


@contextmanager
def locked(path):
    """Hold `<path>.lock` during a with block."""
    lock = f"{path}.lock"
    try:
        open(lock, "x").close()
    except FileExistsError:
        raise LockedError(f"{path} is locked by another program") from None
    try:
        yield
    finally:
        os.remove(lock)


def update(path, section, key, value):
    """Change one value of a file."""
    with locked(path):
        config = load(path)
        config.setdefault(section, {})[key] = value
        save(path, config)
