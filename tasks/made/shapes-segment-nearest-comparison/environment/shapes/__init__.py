"""Plane geometry."""

from .box import Box
from .point import Point
from .polygon import Polygon
from .segment import Segment

__all__ = ["Box", "Point", "Polygon", "Segment"]
