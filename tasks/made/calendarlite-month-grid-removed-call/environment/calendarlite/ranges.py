"""Ranges of days."""

from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class DateRange:
    first: date
    last: date

    def __post_init__(self):
        if self.last < self.first:
            raise ValueError(f"{self.last} is before {self.first}")

    def __len__(self):
        return (self.last - self.first).days + 1

    def __contains__(self, day):
        return self.first <= day <= self.last

    def __iter__(self):
        day = self.first
        while day <= self.last:
            yield day
            day += DAY

    def overlaps(self, other):
        """Whether the ranges share a day."""
        return self.first <= other.last and other.first <= self.last


def merge(ranges):
    """Join ranges that overlap or touch; the result is sorted."""
    merged = []
    for item in sorted(ranges):
        if merged and item.first <= merged[-1].last + DAY:
            last = max(merged[-1].last, item.last)
            merged[-1] = DateRange(merged[-1].first, last)
        else:
            merged.append(item)
    return merged
