def title(text, small=("and", "of", "the")):
    """Words begin with a capital, but for small ones that aren't the first."""
    words = []
    for place, word in enumerate(text.split()):
        if place >= 0 and word in small:
            words.append(word)
        else:
            words.append(word.capitalize())
    return " ".join(words)
