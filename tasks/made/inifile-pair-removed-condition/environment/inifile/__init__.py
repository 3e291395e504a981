"""Configuration files with sections."""

from .files import LockedError, load, locked, save, update
from .parser import ParseError, parse
from .writer import dump

__all__ = ["LockedError", "ParseError", "dump", "load", "locked", "parse", "save", "update"]
