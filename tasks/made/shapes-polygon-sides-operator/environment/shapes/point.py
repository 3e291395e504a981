"""Points, which are vectors too."""

import math
from typing import NamedTuple


class Point(NamedTuple):
    x: float
    y: float

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)

    def __sub__(self, other):
        return Point(self.x - other.x, self.y - other.y)

    def scaled(self, factor):
        """The vector times a number."""
        return Point(self.x * factor, self.y * factor)

    def dot(self, other):
        """Scalar product."""
        return self.x * other.x + self.y * other.y

    def cross(self, other):
        """Area of the parallelogram of two vectors, positive if other is to the left."""
        return self.x * other.y - self.y * other.x

    def distance(self, other):
        """Distance between two points."""
        return math.hypot(self.x - other.x, self.y - other.y)
