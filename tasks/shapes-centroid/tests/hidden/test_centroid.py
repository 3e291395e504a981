import unittest

from shapes import Point, Polygon


class CentroidTests(unittest.TestCase):
    def near(self, polygon, x, y):
        center = Polygon(polygon).centroid()
        self.assertAlmostEqual(center.x, x)
        self.assertAlmostEqual(center.y, y)

    def test_triangle_is_the_mean_of_its_corners(self):
        self.near([(0, 0), (9, 0), (0, 3)], 3, 1)

    def test_tall_rectangle(self):
        self.near([(1, 0), (3, 0), (3, 10), (1, 10)], 2, 5)

    def test_clockwise_corners(self):
        self.near([(0, 0), (0, 8), (2, 8), (2, 0)], 1, 4)

    def test_far_from_the_origin(self):
        self.near([(100, -50), (104, -50), (104, -48), (100, -48)], 102, -49)

    def test_shape_of_an_l(self):
        self.near([(0, 0), (4, 0), (4, 1), (1, 1), (1, 3), (0, 3)], 1.5, 1)

    def test_square_at_the_origin(self):
        self.near([(0, 0), (4, 0), (4, 4), (0, 4)], 2, 2)

    def test_signed_area_is_negative_clockwise(self):
        self.assertEqual(Polygon([(0, 0), (0, 2), (3, 2), (3, 0)]).signed_area(), -6)

    def test_sides_close_the_polygon(self):
        sides = Polygon([(0, 0), (1, 0), (0, 1)]).sides()
        self.assertEqual(sides[-1], (Point(0, 1), Point(0, 0)))
