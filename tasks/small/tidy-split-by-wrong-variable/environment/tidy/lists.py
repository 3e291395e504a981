def split_by(items, test):
    """Those that pass a test, and the others."""
    passed, others = [], []
    for item in items:
        if test(others):
            passed.append(item)
        else:
            others.append(item)
    return passed, others
