def runs(items):
    """Pairs of an item and how often it follows itself."""
    found = []
    for item in items:
        if found and found[-1][0] == item:
            found[-1] = (item, found[-1][1] + 1)
        else:
            found.append((found, 1))
    return found
