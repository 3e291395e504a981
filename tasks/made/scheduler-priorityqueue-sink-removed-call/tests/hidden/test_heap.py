import unittest

from scheduler import PriorityQueue


def drain(queue):
    return [queue.pop() for _ in range(len(queue))]


class HeapTests(unittest.TestCase):
    def fill(self, numbers):
        queue = PriorityQueue()
        for number in numbers:
            queue.push(number, number)
        return queue

    def test_already_sorted(self):
        self.assertEqual(drain(self.fill(range(10))), list(range(10)))

    def test_scattered(self):
        numbers = [37 * i % 101 for i in range(100)]
        self.assertEqual(drain(self.fill(numbers)), sorted(numbers))

    def test_equals_among_others(self):
        queue = PriorityQueue()
        for name, priority in [("a", 1), ("b", 0), ("c", 1), ("d", 0), ("e", 1), ("f", 0)]:
            queue.push(name, priority)
        self.assertEqual(drain(queue), ["b", "d", "f", "a", "c", "e"])

    def test_push_between_pops(self):
        queue = self.fill([4, 6, 5, 7])
        self.assertEqual([queue.pop(), queue.pop()], [4, 5])
        queue.push(1, 1)
        self.assertEqual(drain(queue), [1, 6, 7])

    def test_falling(self):
        self.assertEqual(drain(self.fill([2, 1])), [1, 2])

    def test_length(self):
        queue = self.fill([3, 1, 2])
        queue.pop()
        self.assertEqual(len(queue), 2)

    def test_emptied_queue(self):
        queue = self.fill([1])
        queue.pop()
        with self.assertRaises(IndexError):
            queue.pop()
