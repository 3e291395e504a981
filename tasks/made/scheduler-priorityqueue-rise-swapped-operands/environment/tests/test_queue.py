import unittest

from scheduler import PriorityQueue


def drain(queue):
    return [queue.pop() for _ in range(len(queue))]


class QueueTests(unittest.TestCase):
    def test_two_items(self):
        queue = PriorityQueue()
        queue.push("later", 2)
        queue.push("now", 1)
        self.assertEqual(drain(queue), ["now", "later"])

    def test_many_items(self):
        queue = PriorityQueue()
        for number in [5, 3, 8, 1, 9, 2, 7]:
            queue.push(number, number)
        self.assertEqual(drain(queue), [1, 2, 3, 5, 7, 8, 9])

    def test_equals_in_order_of_arrival(self):
        queue = PriorityQueue()
        queue.push("first")
        queue.push("second")
        self.assertEqual(drain(queue), ["first", "second"])

    def test_empty(self):
        with self.assertRaises(IndexError):
            PriorityQueue().pop()
