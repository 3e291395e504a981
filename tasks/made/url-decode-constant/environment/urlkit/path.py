"""Paths of addresses: `.` is this folder, `..` the one above."""


def normalize(path):
    """Resolve the . and .. segments of an absolute path."""
    segments = path.split("/")[1:]
    result = []
    for segment in segments:
        if segment == "..":
            if result:
                result.pop()
        elif segment != ".":
            result.append(segment)
    if segments[-1] in (".", ".."):
        result.append("")
    return "/" + "/".join(result)


def join(base, link):
    """The path that `link` means on the page at `base`."""
    if not link:
        return base
    if link.startswith("/"):
        return normalize(link)
    folder = base.rpartition("/")[0]
    return normalize(folder + "/" + link)
