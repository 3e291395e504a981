import unittest

from shapes import Box, Point, Polygon


class PolygonTests(unittest.TestCase):
    def test_area_and_perimeter(self):
        triangle = Polygon([(0, 0), (3, 0), (3, 4)])
        self.assertEqual((triangle.area, triangle.perimeter), (6, 12))

    def test_area_of_a_clockwise_polygon(self):
        self.assertEqual(Polygon([(0, 0), (0, 2), (2, 2), (2, 0)]).area, 4)

    def test_centroid_of_a_square(self):
        self.assertEqual(Polygon([(0, 0), (2, 0), (2, 2), (0, 2)]).centroid(), Point(1, 1))

    def test_centroid_of_a_rectangle(self):
        self.assertEqual(Polygon([(0, 0), (6, 0), (6, 2), (0, 2)]).centroid(), Point(3, 1))

    def test_bounds(self):
        self.assertEqual(Polygon([(0, 1), (5, 0), (2, 3)]).bounds, Box(0, 0, 5, 3))

    def test_two_points_are_too_few(self):
        with self.assertRaises(ValueError):
            Polygon([(0, 0), (1, 1)])
