import unittest

from calc import CalcError, Calculator


class ChangeTests(unittest.TestCase):
    def run_all(self, *lines):
        calculator = Calculator()
        return [calculator.run(line) for line in lines]

    def test_product(self):
        self.assertEqual(
            self.run_all("a = 2", "a * 10", "a = 3", "a * 10"), [2, 20, 3, 30])

    def test_counting_up(self):
        self.assertEqual(
            self.run_all("n = 0", "n", "n = n + 1", "n", "n = n + 1", "n"),
            [0, 0, 1, 1, 2, 2])

    def test_variable_used_by_a_function(self):
        self.assertEqual(
            self.run_all("rate = 2", "f(x) = x * rate", "f(4)", "rate = 5", "f(4)"),
            [2, None, 8, 5, 20])

    def test_function_changed(self):
        self.assertEqual(
            self.run_all("f(x) = x + 1", "f(1)", "f(x) = x + 2", "f(1)"),
            [None, 2, None, 3])

    def test_same_line_twice(self):
        self.assertEqual(self.run_all("6 * 7", "6 * 7"), [42, 42])

    def test_variables_depend_on_their_definition_only(self):
        self.assertEqual(self.run_all("a = 1", "b = a", "a = 2", "b"), [1, 1, 2, 1])

    def test_failed_definition_changes_nothing(self):
        calculator = Calculator()
        calculator.run("x = 1")
        with self.assertRaises(CalcError):
            calculator.run("x = unknown")
        self.assertEqual(calculator.run("x"), 1)
