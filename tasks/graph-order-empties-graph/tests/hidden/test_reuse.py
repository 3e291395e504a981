import unittest

from graphs import Graph, topological_order


def build(*edges):
    graph = Graph(directed=True)
    for a, b in edges:
        graph.add_edge(a, b)
    return graph


class ReuseTests(unittest.TestCase):
    def test_incoming_edges_are_still_there(self):
        graph = build("zy", "yx")
        topological_order(graph)
        self.assertEqual(graph.incoming, {"z": set(), "y": {"z"}, "x": {"y"}})

    def test_three_calls(self):
        graph = build("ca", "cb", "ba")
        orders = [topological_order(graph) for _ in range(3)]
        self.assertEqual(orders, [["c", "b", "a"]] * 3)

    def test_edge_added_between_calls(self):
        graph = build("dc", "cb")
        topological_order(graph)
        graph.add_edge("b", "a")
        self.assertEqual(topological_order(graph), ["d", "c", "b", "a"])

    def test_failed_call_changes_nothing(self):
        graph = build("sa", "ab", "ba")
        with self.assertRaises(ValueError):
            topological_order(graph)
        self.assertEqual(graph.incoming, {"s": set(), "a": {"s", "b"}, "b": {"a"}})

    def test_free_nodes_alphabetically(self):
        graph = build("ca", "ba")
        graph.add_node("d")
        self.assertEqual(topological_order(graph), ["b", "c", "a", "d"])

    def test_outgoing_edges_are_still_there(self):
        graph = build("zy", "yx")
        topological_order(graph)
        self.assertEqual(graph.neighbours("z"), ["y"])

    def test_empty_graph(self):
        self.assertEqual(topological_order(Graph(directed=True)), [])
