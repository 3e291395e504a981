import unittest

from shapes import Box, Point


class BoxTests(unittest.TestCase):
    def test_around(self):
        self.assertEqual(Box.around([Point(1, 5), Point(-2, 3)]), Box(-2, 3, 1, 5))

    def test_contains_its_edges(self):
        box = Box(0, 0, 2, 1)
        self.assertTrue(box.contains(Point(2, 0.5)))
        self.assertFalse(box.contains(Point(2.1, 0.5)))

    def test_common_part(self):
        self.assertEqual(Box(0, 0, 4, 4).common(Box(2, 1, 6, 3)), Box(2, 1, 4, 3))

    def test_boxes_side_by_side_share_nothing(self):
        self.assertIsNone(Box(0, 0, 1, 1).common(Box(3, 0, 4, 1)))

    def test_grown(self):
        self.assertEqual(Box(0, 0, 1, 2).grown(1), Box(-1, -1, 2, 3))
