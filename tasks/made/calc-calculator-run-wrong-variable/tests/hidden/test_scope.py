import unittest

from calc import CalcError, Calculator


class ScopeTests(unittest.TestCase):
    def last(self, *lines):
        calculator = Calculator()
        return [calculator.run(line) for line in lines][-1]

    def test_swapped_pair(self):
        self.assertEqual(
            self.last("ratio(a, b) = a / b", "a = 2", "b = 10", "ratio(b, a)"), 5)

    def test_second_argument_uses_the_first_name(self):
        self.assertEqual(
            self.last("f(p, q) = p * 100 + q", "p = 7", "f(1, p)"), 107)

    def test_unknown_name_is_not_a_parameter(self):
        with self.assertRaises(CalcError):
            self.last("f(p, q) = p + q", "f(1, p)")

    def test_function_calls_another_with_swapped_names(self):
        self.assertEqual(
            self.last("minus(x, y) = x - y", "reverse(x, y) = minus(y, x)", "reverse(2, 9)"), 7)

    def test_parameter_hides_variable(self):
        self.assertEqual(self.last("x = 1", "twice(x) = 2 * x", "twice(21)"), 42)

    def test_variable_is_unchanged_by_a_call(self):
        self.assertEqual(self.last("x = 1", "twice(x) = 2 * x", "twice(21)", "x"), 1)

    def test_other_names(self):
        self.assertEqual(self.last("f(a, b) = a - b", "u = 8", "f(u, u - 1)"), 1)
