"""English words for numbers."""

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
SUFFIXES = {1: "st", 2: "nd", 3: "rd"}


def ordinal(number):
    """The number with its ending: 1st, 2nd, 11th."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{SUFFIXES.get(number % 10, 'th')}"


def spell(number):
    """The number in words, from 0 to 999999."""
    if not 0 <= number < 1_000_000:
        raise ValueError(f"{number} is out of range")
    if number < 20:
        return ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return TENS[tens] + (f"-{ONES[ones]}" if ones else "")
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return f"{ONES[hundreds]} hundred" + (f" and {spell(rest)}" if rest else "")
    thousands, rest = divmod(number, 1000)
    joint = " and " if rest < 100 else " "
    return f"{spell(thousands)} thousand" + (joint + spell(rest) if rest else "")
