"""A semantic version: MAJOR.MINOR.PATCH, perhaps with -prerelease and +build."""

import re
from functools import total_ordering

PATTERN = re.compile(
    r"v?(\d+)\.(\d+)\.(\d+)"
    r"(?:-([0-9A-Za-z.-]+))?"
    r"(?:\+([0-9A-Za-z.-]+))?")


@total_ordering
class Version:
    def __init__(self, major, minor, patch, prerelease=""):
        self.numbers = (major, minor, patch)
        self.prerelease = prerelease

    @classmethod
    def parse(cls, text):
        match = PATTERN.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"not a version: {text!r}")
        major, minor, patch = (int(match[i]) for i in (1, 2, 3))
        return cls(major, minor, patch, match[4] or "")

    def bump(self, part):
        """The next version; `part` is "major", "minor" or "patch"."""
        major, minor, patch = self.numbers
        if part == "major":
            return Version(major + 1, 0, 0)
        if part == "minor":
            return Version(major, minor + 1, 0)
        if self.prerelease:
            return Version(major, minor, patch)
        return Version(major, minor, patch + 1)

    def _key(self):
        if not self.prerelease:
            return self.numbers, (1,)
        return self.numbers, (0, *map(_identifier_key, self.prerelease.split(".")))

    def __eq__(self, other):
        return self._key() == other._key()

    def __lt__(self, other):
        return self._key() < other._key()

    def __hash__(self):
        return hash(self._key())

    def __str__(self):
        text = ".".join(map(str, self.numbers))
        return f"{text}-{self.prerelease}" if self.prerelease else text


def _identifier_key(identifier):
    """Numbers come before words, numbers by value, words alphabetically."""
    if identifier.isdigit():
        return (0, int(identifier))
    return (1, identifier)
