import unittest

from shapes import Box


class CommonTests(unittest.TestCase):
    def test_one_above_the_other(self):
        self.assertIsNone(Box(0, 0, 5, 1).common(Box(0, 2, 5, 3)))

    def test_one_left_of_the_other(self):
        self.assertIsNone(Box(10, 0, 12, 9).common(Box(-4, 1, 3, 8)))

    def test_order_does_not_matter(self):
        a, b = Box(0, 0, 2, 2), Box(1, 5, 3, 6)
        self.assertIsNone(a.common(b))
        self.assertIsNone(b.common(a))

    def test_diagonal_boxes(self):
        self.assertIsNone(Box(0, 0, 1, 1).common(Box(2, 2, 3, 3)))

    def test_touching_boxes_share_an_edge(self):
        self.assertEqual(Box(0, 0, 1, 1).common(Box(1, 0, 2, 1)), Box(1, 0, 1, 1))

    def test_box_inside_a_box(self):
        self.assertEqual(Box(0, 0, 9, 9).common(Box(2, 3, 4, 5)), Box(2, 3, 4, 5))

    def test_crossing_boxes(self):
        self.assertEqual(Box(0, 2, 9, 4).common(Box(3, 0, 5, 9)), Box(3, 2, 5, 4))
