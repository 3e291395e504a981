"""Many numerals at once."""

from .roman import NumeralError, from_roman


def read(word):
    """Read one decimal or roman number."""
    if word.isdecimal():
        return int(word)
    return from_roman(word)


def read_all(words):
    """Return the numbers, and the words that can't be read with their position."""
    numbers = []
    unread = []
    for position, word in enumerate(words):
        try:
            numbers.append(read(word.strip()))
        except NumeralError:
            unread.append((position, word))
    return numbers, unread
