"""Double-entry bookkeeping in whole cents."""

from .journal import Entry, Journal, LedgerError
from .money import Money
from .report import statement

__all__ = ["Entry", "Journal", "LedgerError", "Money", "statement"]
