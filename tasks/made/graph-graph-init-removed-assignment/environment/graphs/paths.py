"""Cheapest paths, by Dijkstra's algorithm."""

import heapq


def shortest_path(graph, start, goal):
    """Return (cost, nodes) of a cheapest path, or None if there is no path."""
    best = {start: 0}
    came_from = {}
    queue = [(0, start)]
    while queue:
        cost, node = heapq.heappop(queue)
        if node == goal:
            return cost, _walk_back(came_from, goal)
        if cost > best[node]:
            continue
        for neighbour in graph.neighbours(node):
            total = cost + graph.weight(node, neighbour)
            if neighbour not in best or total < best[neighbour]:
                best[neighbour] = total
                came_from[neighbour] = node
                heapq.heappush(queue, (total, neighbour))
    return None


def _walk_back(came_from, goal):
    path = [goal]
    while path[-1] in came_from:
        path.append(came_from[path[-1]])
    path.reverse()
    return path
