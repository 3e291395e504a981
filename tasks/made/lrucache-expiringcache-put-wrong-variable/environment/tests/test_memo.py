import unittest

from lrucache import memoize


class MemoizeTests(unittest.TestCase):
    def test_second_call_is_remembered(self):
        calls = []

        @memoize(capacity=4)
        def double(number):
            calls.append(number)
            return number * 2

        self.assertEqual([double(3), double(3), double(4)], [6, 6, 8])
        self.assertEqual(calls, [3, 4])

    def test_named_arguments_count(self):
        @memoize()
        def power(base, exponent=2):
            return base**exponent

        self.assertEqual(power(3, exponent=3), 27)
        self.assertEqual(power(3), 9)

    def test_none_is_a_result(self):
        calls = []

        @memoize()
        def nothing(number):
            calls.append(number)

        nothing(1)
        nothing(1)
        self.assertEqual(calls, [1])
