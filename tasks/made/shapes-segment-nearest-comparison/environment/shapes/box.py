"""Rectangles with sides parallel to the axes."""

from typing import NamedTuple

from .point import Point


class Box(NamedTuple):
    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def around(cls, points):
        """The smallest box that holds all points."""
        xs = [point.x for point in points]
        ys = [point.y for point in points]
        return cls(min(xs), min(ys), max(xs), max(ys))

    @property
    def area(self):
        return (self.right - self.left) * (self.top - self.bottom)

    @property
    def center(self):
        return Point((self.left + self.right) / 2, (self.bottom + self.top) / 2)

    def contains(self, point):
        """Whether the point is inside or on an edge."""
        return self.left <= point.x <= self.right and self.bottom <= point.y <= self.top

    def common(self, other):
        """The box that both share, or None if they are apart."""
        left, right = max(self.left, other.left), min(self.right, other.right)
        bottom, top = max(self.bottom, other.bottom), min(self.top, other.top)
        if left > right or bottom > top:
            return None
        return Box(left, bottom, right, top)

    def grown(self, margin):
        """The box with a margin on all four sides."""
        return Box(
            self.left - margin, self.bottom - margin, self.right + margin, self.top + margin
        )
