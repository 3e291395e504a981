"""Amounts of money as whole cents."""

from dataclasses import dataclass
from fractions import Fraction


def divide_half_even(numerator, denominator):
    """Divide integers and round to the nearest one, a half to the even one."""
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    return quotient


@dataclass(frozen=True, order=True)
class Money:
    cents: int

    @classmethod
    def parse(cls, text):
        """Read an amount such as '12', '-0.50' or '3.5'."""
        value = Fraction(text.strip()) * 100
        if value.denominator != 1:
            raise ValueError(f"{text!r} has a fraction of a cent")
        return cls(value.numerator)

    def __add__(self, other):
        return Money(self.cents + other.cents)

    def __sub__(self, other):
        return Money(self.cents - other.cents)

    def __neg__(self):
        return Money(-self.cents)

    def times(self, rate):
        """Multiply by a rate given as text, such as '0.19' or '1/3'."""
        value = self.cents * Fraction(rate)
        return Money(divide_half_even(value.numerator, value.denominator))

    def __str__(self):
        sign = "-" if self.cents < 0 else ""
        whole, cents = divmod(abs(self.cents), 100)
        return f"{sign}{whole}.{cents:02}"
