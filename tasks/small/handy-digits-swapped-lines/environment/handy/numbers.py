def digits(number):
    """The decimal digits of a whole number, without its sign."""
    number = abs(number)
    found = [number % 10]
    while number >= 10:
        found.insert(0, number % 10)
        number = number // 10
    return found
