"""An entry of the journal as one line of text: checksum, space, JSON."""

import json
import zlib


class DamagedRecord(ValueError):
    """A line whose checksum does not match its contents."""


def encode(entry):
    body = json.dumps(entry, sort_keys=True, ensure_ascii=False)
    return f"{_checksum(body)} {body}\n"


def decode(line):
    checksum, _, body = line.rstrip("\n").partition(" ")
    if checksum != _checksum(body):
        raise DamagedRecord(f"damaged line: {line!r}")
    return json.loads(body)


def _checksum(body):
    return f"{zlib.crc32(body.encode('utf-8')):08x}"
