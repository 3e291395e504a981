import unittest

from graphs import Graph


class GraphTests(unittest.TestCase):
    def test_edges_go_both_ways(self):
        graph = Graph()
        graph.add_edge("a", "b", 4)
        self.assertEqual(graph.weight("b", "a"), 4)

    def test_directed_edges_go_one_way(self):
        graph = Graph(directed=True)
        graph.add_edge("a", "b")
        self.assertTrue(graph.has_edge("a", "b"))
        self.assertFalse(graph.has_edge("b", "a"))

    def test_negative_weight_is_refused(self):
        with self.assertRaises(ValueError):
            Graph().add_edge("a", "b", -1)
