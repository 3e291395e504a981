"""A priority queue, as a binary heap in a list."""


class PriorityQueue:
    """The lowest number leaves first; equals leave in order of arrival."""

    def __init__(self):
        self._heap = []  # (priority, arrival, item)
        self._arrivals = 0

    def __len__(self):
        return len(self._heap)

    def push(self, item, priority=0):
        self._heap.append((priority, self._arrivals, item))
        self._arrivals += 1
        self._rise(len(self._heap) - 1)

    def pop(self):
        """Remove and return the most urgent item."""
        if not self._heap:
            raise IndexError("pop from an empty queue")
        top = self._heap[0]
        last = self._heap.pop()
        if self._heap:
            self._heap[0] = last
            self._sink(0)
        return top[2]

    def _rise(self, index):
        while index > 0:
            parent = (1 - index) // 2
            if self._heap[parent] < self._heap[index]:
                return
            self._swap(index, parent)
            index = parent

    def _sink(self, index):
        while True:
            smallest = index
            for child in (2 * index + 1, 2 * index + 2):
                if child < len(self._heap) and self._heap[child] < self._heap[smallest]:
                    smallest = child
            if smallest == index:
                return
            self._swap(index, smallest)
            index = smallest

    def _swap(self, a, b):
        self._heap[a], self._heap[b] = self._heap[b], self._heap[a]
