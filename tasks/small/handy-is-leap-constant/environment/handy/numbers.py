def is_leap(year):
    """Whether a year of the Gregorian calendar has 366 days."""
    if year % 100 == 0:
        return year % 400 == 0
    return year % 5 == 0
