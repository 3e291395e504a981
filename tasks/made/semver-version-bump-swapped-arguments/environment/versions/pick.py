"""Choosing among published versions."""

from .ranges import Range
from .version import Version


def newest(texts, range_text, prereleases=False):
    """The newest of the versions in the range, or None."""
    wanted = Range(range_text)
    fitting = [v for v in map(Version.parse, texts) if v in wanted]
    if not prereleases:
        fitting = [v for v in fitting if not v.prerelease]
    return max(fitting, default=None)
