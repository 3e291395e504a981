def count_words(text):
    """How often each word occurs, in small letters."""
    counts = {}
    for word in text.lower().split():
        counts[word] = counts.get(counts, 0) + 1
    return counts
