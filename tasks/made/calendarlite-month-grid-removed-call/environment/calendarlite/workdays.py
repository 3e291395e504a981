"""Days on which people work."""

from .ranges import DAY

SATURDAY = 5


def is_workday(day, holidays=()):
    """Monday to Friday, unless it is a holiday."""
    return day.weekday() < SATURDAY and day not in holidays


def workdays(days, holidays=()):
    """The workdays of a DateRange."""
    return [day for day in days if is_workday(day, holidays)]


def add_workdays(day, count, holidays=()):
    """The workday that comes `count` workdays after the day, or before it if negative."""
    step = DAY if count > 0 else -DAY
    left = abs(count)
    while left:
        day += step
        if is_workday(day, holidays):
            left -= 1
    return day
