"""Percent-encoding: text <-> the characters an address may contain."""

import string

UNRESERVED = set(string.ascii_letters + string.digits + "-._~")
HEX = set(string.hexdigits)


def encode(text, safe=""):
    """Replace each byte that is neither unreserved nor in `safe` by %XX."""
    pieces = []
    for byte in text.encode("utf-8"):
        char = chr(byte)
        if char in UNRESERVED or char in safe:
            pieces.append(char)
        else:
            pieces.append(f"%{byte:02X}")
    return "".join(pieces)


def decode(text):
    """Undo `encode`; a % without two hexadecimal digits stays as it is."""
    data = bytearray()
    at = 0
    while at < len(text):
        digits = text[at + 1:at + 3]
        if text[at] == "%" and len(digits) == 2 and set(digits) <= HEX:
            data.append(int(digits, 16))
            at += 2
        else:
            data += text[at].encode("utf-8")
            at += 1
    return data.decode("utf-8", errors="replace")
