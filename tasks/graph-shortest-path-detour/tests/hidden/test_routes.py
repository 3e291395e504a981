import unittest

from graphs import Graph, shortest_path


def build(*edges, directed=False):
    graph = Graph(directed=directed)
    for a, b, weight in edges:
        graph.add_edge(a, b, weight)
    return graph


class RouteTests(unittest.TestCase):
    def test_detour_over_two_nodes(self):
        graph = build(("p", "s", 9), ("p", "q", 1), ("q", "r", 1), ("r", "s", 1))
        self.assertEqual(shortest_path(graph, "p", "s"), (3, ["p", "q", "r", "s"]))

    def test_improved_twice(self):
        graph = build(
            ("a", "e", 20), ("a", "b", 1), ("b", "e", 12), ("b", "c", 2), ("c", "e", 4),
            directed=True)
        self.assertEqual(shortest_path(graph, "a", "e"), (7, ["a", "b", "c", "e"]))

    def test_better_way_to_a_node_in_the_middle(self):
        graph = build(("a", "m", 8), ("a", "b", 3), ("b", "m", 3), ("m", "z", 1))
        self.assertEqual(shortest_path(graph, "a", "z"), (7, ["a", "b", "m", "z"]))

    def test_direct_edge_is_kept_when_cheaper(self):
        graph = build(("a", "c", 4), ("a", "b", 2), ("b", "c", 3))
        self.assertEqual(shortest_path(graph, "a", "c"), (4, ["a", "c"]))

    def test_free_edges(self):
        graph = build(("a", "b", 0), ("b", "c", 0))
        self.assertEqual(shortest_path(graph, "a", "c"), (0, ["a", "b", "c"]))

    def test_one_way_street(self):
        graph = build(("a", "b", 1), directed=True)
        self.assertIsNone(shortest_path(graph, "b", "a"))
