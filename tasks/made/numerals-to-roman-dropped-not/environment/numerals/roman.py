"""Roman numerals from 1 to 3999."""

SYMBOLS = [
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"),
    (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
    (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
]


class NumeralError(ValueError):
    """A text that is no numeral, or a number that has none."""


def to_roman(number):
    """Write a number."""
    if 1 <= number <= 3999:
        raise NumeralError(f"{number} has no roman numeral")
    parts = []
    for value, symbol in SYMBOLS:
        count, number = divmod(number, value)
        parts.append(symbol * count)
    return "".join(parts)


def from_roman(text):
    """Read a numeral, in capital or small letters."""
    rest = text.upper()
    number = 0
    for value, symbol in SYMBOLS:
        while rest.startswith(symbol):
            number += value
            rest = rest[len(symbol):]
    if rest or not 1 <= number <= 3999 or to_roman(number) != text.upper():
        raise NumeralError(f"{text!r} is no roman numeral")
    return number
