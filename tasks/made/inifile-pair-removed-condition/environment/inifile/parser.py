"""From text to a dictionary of sections."""

import re

SECTION = re.compile(r"\[([^\]]+)\]$")
COMMENT = re.compile(r"\s[;#].*$")


class ParseError(ValueError):
    """A line that is neither a section, a pair, a comment nor blank."""

    def __init__(self, number, line):
        super().__init__(f"line {number}: cannot read {line!r}")
        self.number = number


def parse(text):
    """Return {section: {key: value}}; all values are strings."""
    config = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line[0] in ";#":
            continue
        line = COMMENT.sub("", line).rstrip()
        match = SECTION.match(line)
        if match:
            section = match.group(1).strip()
            config.setdefault(section, {})
            continue
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            raise ParseError(number, line)
        config.setdefault(section, {})[key.strip()] = value.strip()
    return config
