from .path import join, normalize
from .percent import decode, encode
from .query import build_query, parse_query
from .url import Url

__all__ = [
    "Url", "build_query", "decode", "encode", "join", "normalize", "parse_query",
]
