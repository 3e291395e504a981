def percent(part, whole):
    """A share in whole percent, rounded down; of nothing it is 0."""
    if whole == 0:
        return 0
    return 100 * part / whole
