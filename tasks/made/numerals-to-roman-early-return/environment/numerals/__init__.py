"""Numbers as people write them."""

from .batch import read_all
from .english import ordinal, spell
from .roman import NumeralError, from_roman, to_roman

__all__ = ["NumeralError", "from_roman", "ordinal", "read_all", "spell", "to_roman"]
