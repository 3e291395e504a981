"""Splitting a line into numbers, names and signs."""

import re

from .errors import CalcError

TOKEN = re.compile(
    r"\s*(?:(\d+\.\d+|\d+)|([A-Za-z_]\w*)|([-+*/%^(),=]))")


def tokenize(line):
    """Return a list of ints, floats and strings."""
    tokens = []
    at = 0
    line = line.rstrip()
    while at < len(line):
        match = TOKEN.match(line, at)
        if match is None:
            raise CalcError(f"unexpected text: {line[at:].strip()!r}")
        number, name, sign = match.groups()
        if number:
            tokens.append(float(number) if "." in number else int(number))
        else:
            tokens.append(name or sign)
        at = match.end()
    return tokens


def is_name(token):
    return isinstance(token, str) and (token[0].isalpha() or token[0] == "_")
