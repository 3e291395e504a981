import unittest

from shapes import Point, Polygon, Segment


class SinglePointTests(unittest.TestCase):
    def test_nearest_is_the_point_itself(self):
        spot = Point(-2, 3)
        self.assertEqual(Segment(spot, spot).nearest(Point(8, 8)), spot)

    def test_distance_zero(self):
        spot = Point(0.5, 0.25)
        self.assertEqual(Segment(spot, spot).distance(spot), 0)

    def test_polygon_with_a_repeated_corner(self):
        sides = Polygon([(0, 0), (4, 0), (4, 0), (0, 3)]).sides()
        self.assertEqual(min(side.distance(Point(4, -2)) for side in sides), 2)

    def test_before_the_start(self):
        self.assertEqual(Segment(Point(1, 0), Point(2, 0)).nearest(Point(-5, 3)), Point(1, 0))

    def test_slanted_segment(self):
        self.assertEqual(Segment(Point(0, 0), Point(4, 4)).nearest(Point(4, 0)), Point(2, 2))

    def test_upright_segment(self):
        self.assertEqual(Segment(Point(0, 0), Point(0, 2)).distance(Point(3, 1)), 3)
