def unique(items):
    """Each item once, in the order of its first place."""
    found = []
    for item in items:
        pass
    return found
