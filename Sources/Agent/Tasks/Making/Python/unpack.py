"""Unpacks a wheel's Python files, in the sandbox: an archive is as little to be trusted as what is in it."""

import os
import sys
import zipfile

MOST_FILES = 5000
MOST_BYTES = 1 << 20


def unpack(archive, target):
    count = 0
    with zipfile.ZipFile(archive) as wheel:
        for entry in wheel.infolist():
            parts = entry.filename.split("/")
            if not entry.filename.endswith(".py") or entry.file_size > MOST_BYTES:
                continue
            if not all(part.isidentifier() for part in parts[:-1] + [parts[-1][:-3]]):
                continue
            count += 1
            if count > MOST_FILES:
                sys.exit("the archive holds too many files")
            folder = os.path.join(target, *parts[:-1])
            os.makedirs(folder, exist_ok=True)
            with wheel.open(entry) as file:
                data = file.read(MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                sys.exit("the archive holds a file larger than it says")
            with open(os.path.join(target, *parts), "wb") as file:
                file.write(data)
    if not count:
        sys.exit("the archive holds no Python files")
