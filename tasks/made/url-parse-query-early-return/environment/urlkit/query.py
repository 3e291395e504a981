"""Query strings: `a=1&b=two+words` <-> [("a", "1"), ("b", "two words")]."""

from .percent import decode, encode


def parse_query(text):
    """Return the (key, value) pairs in order; a key without = has value ''."""
    pairs = []
    for piece in text.split("&"):
        if not piece:
            continue
        key, _, value = piece.partition("=")
        pairs.append((_decode_word(key), _decode_word(value)))
        return pairs


def build_query(pairs):
    """Write the pairs as a query string; spaces become +."""
    return "&".join(
        f"{_encode_word(key)}={_encode_word(value)}" for key, value in pairs)


def _decode_word(word):
    return decode(word.replace("+", " "))


def _encode_word(word):
    return encode(str(word), safe=" ").replace(" ", "+")
