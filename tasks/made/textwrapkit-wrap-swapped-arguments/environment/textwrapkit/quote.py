"""Prefixes at the start of lines: indenting and quoting."""

MARKER = "> "


def indent(text, prefix="    "):
    """Put a prefix before each line that is not blank."""
    lines = text.splitlines()
    return "\n".join(prefix + line if line.strip() else line for line in lines)


def quote(text, marker=MARKER):
    """Quote a reply: every line, blank or not, starts with the marker."""
    return "\n".join((marker + line).rstrip() for line in text.splitlines())


def unquote(text, marker=MARKER):
    """Remove one level of quoting; lines without a marker stay as they are."""
    lines = []
    for line in text.splitlines():
        if line == marker.rstrip():
            line = ""
        else:
            line = line.removeprefix(marker)
        lines.append(line)
    return "\n".join(lines)
