import unittest

from graphs import Graph, topological_order


class OrderTests(unittest.TestCase):
    def setUp(self):
        self.graph = Graph(directed=True)
        self.graph.add_edge("socks", "shoes")
        self.graph.add_edge("trousers", "shoes")
        self.graph.add_edge("trousers", "belt")

    def test_dependencies_come_first(self):
        self.assertEqual(
            topological_order(self.graph), ["socks", "trousers", "belt", "shoes"])

    def test_asking_twice_gives_the_same_order(self):
        first = topological_order(self.graph)
        self.assertEqual(topological_order(self.graph), first)

    def test_cycle_is_an_error(self):
        self.graph.add_edge("shoes", "socks")
        with self.assertRaises(ValueError):
            topological_order(self.graph)
