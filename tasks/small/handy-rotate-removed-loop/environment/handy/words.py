def rotate(text, by):
    """Each small letter moved on in the alphabet."""
    moved = []
    return "".join(moved)
