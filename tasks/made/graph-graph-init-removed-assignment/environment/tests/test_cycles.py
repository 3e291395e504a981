import unittest

from graphs import Graph, find_cycle


def directed(*edges):
    graph = Graph(directed=True)
    for a, b in edges:
        graph.add_edge(a, b)
    return graph


class CycleTests(unittest.TestCase):
    def test_triangle(self):
        self.assertEqual(find_cycle(directed("ab", "bc", "ca")), ["a", "b", "c"])

    def test_chain_has_none(self):
        self.assertIsNone(find_cycle(directed("ab", "bc")))

    def test_two_ways_to_one_node_are_no_cycle(self):
        self.assertIsNone(find_cycle(directed("ab", "ac", "bd", "cd")))

    def test_node_pointing_at_itself(self):
        self.assertEqual(find_cycle(directed("ab", "bb")), ["b"])
