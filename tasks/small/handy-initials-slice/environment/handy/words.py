def initials(name):
    """The capital first letters of a name's parts."""
    letters = []
    for part in name.split():
        letters.append(part[1].upper())
    return "".join(letters)
