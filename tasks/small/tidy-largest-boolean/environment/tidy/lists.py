def largest(items, count):
    """So many of the largest, the largest first."""
    ordered = sorted(items, reverse=False)
    return ordered[:count]
