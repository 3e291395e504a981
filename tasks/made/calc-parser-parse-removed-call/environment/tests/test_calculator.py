import unittest

from calc import CalcError, Calculator


class VariableTests(unittest.TestCase):
    def setUp(self):
        self.calculator = Calculator()

    def test_variable(self):
        self.calculator.run("x = 4")
        self.assertEqual(self.calculator.run("x * x"), 16)

    def test_variable_can_change(self):
        self.calculator.run("x = 1")
        self.assertEqual(self.calculator.run("x + 1"), 2)
        self.calculator.run("x = 5")
        self.assertEqual(self.calculator.run("x + 1"), 6)

    def test_unknown_name(self):
        with self.assertRaises(CalcError):
            self.calculator.run("y + 1")


class FunctionTests(unittest.TestCase):
    def setUp(self):
        self.calculator = Calculator()
        self.calculator.run("minus(x, y) = x - y")

    def test_call(self):
        self.assertEqual(self.calculator.run("minus(9, 2 + 3)"), 4)

    def test_arguments_named_like_parameters(self):
        self.calculator.run("x = 1")
        self.calculator.run("y = 5")
        self.assertEqual(self.calculator.run("minus(y, x)"), 4)

    def test_wrong_number_of_arguments(self):
        with self.assertRaises(CalcError):
            self.calculator.run("minus(1)")
