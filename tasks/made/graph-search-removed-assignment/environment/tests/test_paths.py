import unittest

from graphs import Graph, shortest_path


class ShortestPathTests(unittest.TestCase):
    def test_single_route(self):
        graph = Graph()
        graph.add_edge("a", "b", 2)
        graph.add_edge("b", "c", 3)
        self.assertEqual(shortest_path(graph, "a", "c"), (5, ["a", "b", "c"]))

    def test_detour_is_cheaper_than_direct_edge(self):
        graph = Graph()
        graph.add_edge("a", "c", 10)
        graph.add_edge("a", "b", 2)
        graph.add_edge("b", "c", 3)
        self.assertEqual(shortest_path(graph, "a", "c"), (5, ["a", "b", "c"]))

    def test_start_is_goal(self):
        graph = Graph()
        graph.add_node("a")
        self.assertEqual(shortest_path(graph, "a", "a"), (0, ["a"]))

    def test_no_path(self):
        graph = Graph()
        graph.add_node("a")
        graph.add_node("b")
        self.assertIsNone(shortest_path(graph, "a", "b"))
