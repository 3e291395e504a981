"""Plain-text formatting for terminals and mail."""

from .quote import indent, quote, unquote
from .table import format_table
from .wrap import fill, wrap

__all__ = ["fill", "format_table", "indent", "quote", "unquote", "wrap"]
