def indent(text, spaces=4):
    """The lines moved to the right; empty ones stay empty."""
    lines = []
    for line in text.split("\n"):
        lines.append(line)
    return "\n".join(lines)
