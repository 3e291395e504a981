"""A weighted graph, kept as the neighbours of every node."""


class Graph:
    """Edges go both ways unless the graph is directed."""

    def __init__(self, directed=False):
        self.directed = directed
        self.outgoing = {}  # node -> {neighbour: weight}
        self.incoming = {}  # node -> set of nodes with an edge to it

    def add_node(self, node):
        self.outgoing.setdefault(node, {})
        self.incoming.setdefault(node, set())

    def add_edge(self, a, b, weight=1):
        if weight < 0:
            raise ValueError(f"edge {a!r} to {b!r} has a negative weight")
        self.add_node(a)
        self.add_node(b)
        self._link(a, b, weight)
        if not self.directed:
            self._link(b, a, weight)

    def _link(self, a, b, weight):
        self.outgoing[a][b] = weight
        self.incoming[b].add(a)

    def nodes(self):
        return list(self.outgoing)

    def neighbours(self, node):
        """The neighbours of a node, in the order the edges were added."""
        return list(self.outgoing[node])

    def weight(self, a, b):
        return self.outgoing[a][b]

    def has_edge(self, a, b):
        return b in self.outgoing.get(a, {})
