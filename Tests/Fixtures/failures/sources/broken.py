def join(first, second:
    return first + " " + second
