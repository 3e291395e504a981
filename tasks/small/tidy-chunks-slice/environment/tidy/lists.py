def chunks(items, size):
    """Lists of so many items each; the last may have fewer."""
    found = []
    for start in range(0, len(items), size):
        found.append(items[start + 1 : start + size])
    return found
