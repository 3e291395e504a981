"""Years and months."""

from datetime import date

LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def is_leap(year):
    """Whether the year has a February 29."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_month(year, month):
    """28 to 31; months count from 1."""
    if month == 2 and is_leap(year):
        return 29
    return LENGTHS[month - 1]


def add_months(day, count):
    """The same day of another month; count may be negative."""
    years, month = divmod(day.month - 1 + count, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, days_in_month(year, month)))


def month_grid(year, month):
    """Weeks of seven days from Monday to Sunday, 0 outside the month."""
    days = [0] * date(year, month, 1).weekday()
    days.extend(range(1, days_in_month(year, month) + 1))
    days.extend([0] * (-days % 7))
    return [days[start:start + 7] for start in range(0, len(days), 7)]
