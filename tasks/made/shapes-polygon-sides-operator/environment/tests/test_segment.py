import unittest

from shapes import Point, Segment


class SegmentTests(unittest.TestCase):
    def test_length(self):
        self.assertEqual(Segment(Point(0, 0), Point(3, 4)).length, 5)

    def test_nearest_point_between_the_ends(self):
        self.assertEqual(Segment(Point(0, 0), Point(4, 0)).nearest(Point(1, 7)), Point(1, 0))

    def test_nearest_point_is_an_end(self):
        self.assertEqual(Segment(Point(0, 0), Point(4, 0)).nearest(Point(9, 1)), Point(4, 0))

    def test_distance_to_a_segment_without_length(self):
        self.assertEqual(Segment(Point(1, 1), Point(1, 1)).distance(Point(4, 5)), 5)
