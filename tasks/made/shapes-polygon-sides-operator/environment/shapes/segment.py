"""Straight lines between two points."""

from typing import NamedTuple

from .point import Point


class Segment(NamedTuple):
    start: Point
    end: Point

    @property
    def length(self):
        return self.start.distance(self.end)

    def at(self, fraction):
        """The point at a fraction of the way: 0 is the start, 1 is the end."""
        return self.start + (self.end - self.start).scaled(fraction)

    def nearest(self, point):
        """The point of the segment that is nearest to the given one."""
        direction = self.end - self.start
        squared = direction.dot(direction)
        if squared == 0:
            return self.start
        fraction = (point - self.start).dot(direction) / squared
        return self.at(min(1, max(0, fraction)))

    def distance(self, point):
        """How far the point is from the segment."""
        return point.distance(self.nearest(point))
