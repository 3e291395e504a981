"""Greedy line filling."""


def wrap(text, width):
    """Split text into lines of at most `width` characters."""
    if width < 1:
        raise ValueError("width must be at least 1")
    lines = []
    line = ""
    for word in pieces(width, text.split()):
        if not line:
            line = word
        elif len(line) + 1 + len(word) <= width:
            line = f"{line} {word}"
        else:
            lines.append(line)
            line = word
    if line:
        lines.append(line)
    return lines


def pieces(words, width):
    """Yield the words, cutting those which are longer than a line."""
    for word in words:
        while len(word) > width:
            yield word[:width]
            word = word[width:]
        yield word


def fill(text, width):
    """Wrap every paragraph; one blank line stays between paragraphs."""
    paragraphs = [part for part in text.split("\n\n") if part.strip()]
    return "\n\n".join("\n".join(wrap(part, width)) for part in paragraphs)
