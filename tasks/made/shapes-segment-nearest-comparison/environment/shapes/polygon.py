"""Polygons without holes, whose sides don't cross."""

from .box import Box
from .point import Point
from .segment import Segment


class Polygon:
    def __init__(self, points):
        self.points = [Point(*point) for point in points]
        if len(self.points) < 3:
            raise ValueError("a polygon needs three points")

    def sides(self):
        """The segments from each corner to the next one."""
        following = self.points[1:] + self.points[:1]
        return [Segment(a, b) for a, b in zip(self.points, following)]

    def signed_area(self):
        """The area, negative if the corners go round clockwise."""
        return sum(a.cross(b) for a, b in self.sides()) / 2

    @property
    def area(self):
        return abs(self.signed_area())

    @property
    def perimeter(self):
        return sum(side.length for side in self.sides())

    @property
    def bounds(self):
        return Box.around(self.points)

    def centroid(self):
        """The point on which a plate of this shape would balance."""
        x = y = 0
        for a, b in self.sides():
            weight = a.cross(b)
            x += (a.x + b.x) * weight
            y += (a.y + b.y) * weight
        scale = 6 * self.signed_area()
        return Point(x / scale, y / scale)
