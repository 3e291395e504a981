import unittest

from graphs import Graph, find_cycle


def directed(*edges):
    graph = Graph(directed=True)
    for a, b in edges:
        graph.add_edge(a, b)
    return graph


class MeetingTests(unittest.TestCase):
    def test_three_ways_to_one_node(self):
        self.assertIsNone(find_cycle(directed("sa", "sb", "sc", "at", "bt", "ct")))

    def test_shortcut(self):
        self.assertIsNone(find_cycle(directed("ab", "bc", "cd", "ad", "bd")))

    def test_dead_end_is_not_part_of_the_cycle(self):
        graph = directed("ab", "bx", "bc", "ca")
        self.assertEqual(find_cycle(graph), ["a", "b", "c"])

    def test_path_down_to_a_cycle(self):
        self.assertEqual(find_cycle(directed("sa", "ab", "ba")), ["a", "b"])

    def test_cycle_in_the_second_part(self):
        self.assertEqual(find_cycle(directed("ab", "xy", "yx")), ["x", "y"])

    def test_no_edges(self):
        graph = directed()
        graph.add_node("a")
        graph.add_node("b")
        self.assertIsNone(find_cycle(graph))
