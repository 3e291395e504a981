def gcd(a, b):
    """The greatest common divisor."""
    while b != 0:
        a, b = b, a % b
        return a
