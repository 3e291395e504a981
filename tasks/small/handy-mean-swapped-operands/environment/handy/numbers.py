def mean(values, default=0):
    """The arithmetic mean, or the default of no values."""
    if not values:
        return default
    return len(values) / sum(values)
