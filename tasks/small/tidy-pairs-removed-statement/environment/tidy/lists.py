def pairs(items):
    """Each item with the one after it."""
    found = []
    for place in range(len(items) - 1):
        pass
    return found
