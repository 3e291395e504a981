"""Ordering the nodes of a directed graph."""


def topological_order(graph):
    """List all nodes so that each edge a -> b has a before b.

    Nodes that are free at the same moment come in alphabetical order.
    Raises ValueError if the graph has a cycle.
    """
    waiting = {node: set(before) for node, before in graph.incoming.items()}
    order = []
    while waiting:
        free = [node for node, before in waiting.items() if not before]
        if not free:
            raise ValueError("the graph has a cycle")
        node = min(free)
        del waiting[node]
        for neighbour in graph.neighbours(node):
            waiting[neighbour].discard(node)
        order.append(node)
    return order
