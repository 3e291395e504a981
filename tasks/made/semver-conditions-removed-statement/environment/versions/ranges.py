"""Ranges of versions, such as ">=1.2.0 <2.0.0 || ^3.1.0"."""

import operator
import re

from .version import Version

OPERATORS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "=": operator.eq,
}
CONDITION = re.compile(r"(<=|>=|<|>|=|\^|~)?(\S+)")


class Range:
    def __init__(self, text):
        self.text = text
        self.alternatives = [_conditions(part) for part in text.split("||")]

    def __contains__(self, version):
        return any(
            all(holds(version, bound) for holds, bound in conditions)
            for conditions in self.alternatives)


def _conditions(text):
    conditions = []
    for sign, number in CONDITION.findall(text):
        version = Version.parse(number)
        if sign in ("^", "~"):
            conditions.append((operator.ge, version))
            conditions.append((operator.lt, _upper_bound(sign, version)))
        else:
            pass
    return conditions


def _upper_bound(sign, version):
    """^ keeps the first number that is not zero, ~ keeps major and minor."""
    major, minor, patch = version.numbers
    if sign == "~" or (major == 0 and minor > 0):
        return version.bump("minor")
    if major == 0:
        return Version(0, 0, patch + 1)
    return version.bump("major")
