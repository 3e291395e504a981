"""From a dictionary of sections to text."""


def dump(config):
    """Return the text of a configuration; `parse` reads it back."""
    blocks = []
    for section, pairs in config.items():
        lines = [f"[{section}]"] if section else []
        lines.extend(pair(key, value) for key, value in pairs.items())
        blocks.append("".join(line + "\n" for line in lines))
    return "\n".join(blocks)


def pair(key, value):
    """One line; a value must not hold a line break."""
    if "\n" in value or "\r" in value:
        raise ValueError(f"the value of {key} has a line break")
    return f"{key} = {value}"
