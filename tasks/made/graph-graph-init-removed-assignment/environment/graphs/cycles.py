"""Finding a cycle in a directed graph, by depth-first search."""


def find_cycle(graph):
    """Return the nodes of a cycle in walking order, or None."""
    finished = set()
    for node in graph.nodes():
        cycle = _search(graph, node, [], finished)
        if cycle:
            return cycle
    return None


def _search(graph, node, path, finished):
    if node in path:
        return path[path.index(node):]
    if node in finished:
        return None
    path.append(node)
    for neighbour in graph.neighbours(node):
        cycle = _search(graph, neighbour, path, finished)
        if cycle:
            return cycle
    path.pop()
    finished.add(node)
    return None
