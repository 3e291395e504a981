from .pick import newest
from .ranges import Range
from .version import Version

__all__ = ["Range", "Version", "newest"]
