"""Dates without times."""

from .months import add_months, days_in_month, is_leap, month_grid
from .ranges import DateRange, merge
from .workdays import add_workdays, is_workday, workdays

__all__ = [
    "DateRange", "add_months", "add_workdays", "days_in_month", "is_leap", "is_workday",
    "merge", "month_grid", "workdays",
]
