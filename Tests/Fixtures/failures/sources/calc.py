"""A small library with mistakes in it."""


def mean(values):
    """The arithmetic mean.

    >>> mean([1, 2])
    1
    >>> mean([])
    0
    >>> mean("ab")
    Traceback (most recent call last):
        ...
    ValueError: not numbers
    """
    return sum(values) / len(values)


def table(rows):
    """Rows as text.

    >>> print(table([("a", 1), ("b", 2)]))
    a 1
    b 2
    <BLANKLINE>
    >>> table([])
    """
    return "\n".join(f"{name}: {value}" for name, value in rows)


def squares(count):
    return [n * n if n != 7 else 50 for n in range(count)]


def settings(name):
    return {"name": name, "retries": 3, "hosts": ["a.example", "b.example"], "debug": True}


def lookup(names, key):
    try:
        return names[key]
    except KeyError as error:
        raise LookupError(f"no entry {key}") from error


def tidy(text):
    try:
        return int(text)
    except ValueError:
        return text.missing


def is_even(n):
    return is_odd(n - 1)


def is_odd(n):
    return is_even(n - 1)


def collect(jobs):
    errors = []
    for job in jobs:
        try:
            job()
        except Exception as error:
            errors.append(error)
    raise ExceptionGroup("jobs failed", errors)


def check(values):
    assert len(values) > 1, "too few"
    return values
