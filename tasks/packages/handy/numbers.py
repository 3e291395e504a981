"""Functions over numbers."""


def clamp(value, low, high):
    """The value, or the bound that it lies beyond.

    >>> clamp(5, 0, 10)
    5
    >>> clamp(-3, 0, 10)
    0
    >>> clamp(42, 0, 10)
    10
    >>> clamp(10, 0, 10)
    10
    """
    if value < low:
        return low
    if value > high:
        return high
    return value


def digits(number):
    """The decimal digits of a whole number, without its sign.

    >>> digits(1905)
    [1, 9, 0, 5]
    >>> digits(-72)
    [7, 2]
    >>> digits(0)
    [0]
    >>> digits(10)
    [1, 0]
    """
    number = abs(number)
    found = [number % 10]
    while number >= 10:
        number = number // 10
        found.insert(0, number % 10)
    return found


def is_leap(year):
    """Whether a year of the Gregorian calendar has 366 days.

    >>> is_leap(2024)
    True
    >>> is_leap(2023)
    False
    >>> is_leap(1900)
    False
    >>> is_leap(2000)
    True
    """
    if year % 100 == 0:
        return year % 400 == 0
    return year % 4 == 0


def mean(values, default=0):
    """The arithmetic mean, or the default of no values.

    >>> mean([1, 2, 3])
    2.0
    >>> mean([10])
    10.0
    >>> mean([])
    0
    >>> mean([], 7)
    7
    >>> mean([1, 2])
    1.5
    """
    if not values:
        return default
    return sum(values) / len(values)


def median(values):
    """The middle value, or the mean of the middle two.

    >>> median([3, 1, 2])
    2
    >>> median([4, 1, 3, 2])
    2.5
    >>> median([7])
    7
    >>> median([10, 20])
    15.0
    """
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2 == 1:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def gcd(a, b):
    """The greatest common divisor.

    >>> gcd(12, 18)
    6
    >>> gcd(7, 3)
    1
    >>> gcd(0, 5)
    5
    >>> gcd(9, 0)
    9
    """
    while b != 0:
        a, b = b, a % b
    return a


def ordinal(number):
    """A number as a place in a row.

    >>> ordinal(1)
    '1st'
    >>> ordinal(12)
    '12th'
    >>> ordinal(22)
    '22nd'
    >>> ordinal(113)
    '113th'
    >>> ordinal(4)
    '4th'
    """
    if 10 < number % 100 < 20:
        return str(number) + "th"
    endings = {1: "st", 2: "nd", 3: "rd"}
    return str(number) + endings.get(number % 10, "th")


def percent(part, whole):
    """A share in whole percent, rounded down; of nothing it is 0.

    >>> percent(1, 4)
    25
    >>> percent(2, 3)
    66
    >>> percent(5, 5)
    100
    >>> percent(3, 0)
    0
    """
    if whole == 0:
        return 0
    return 100 * part // whole
