def shorten(text, width):
    """The text, or its beginning and three dots in so many characters."""
    if len(text) < width:
        return text
    return text[: width - 3] + "..."
