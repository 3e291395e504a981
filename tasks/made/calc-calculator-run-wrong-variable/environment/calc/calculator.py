"""A calculator that remembers variables, functions and results."""

from .errors import CalcError
from .evaluate import evaluate
from .parser import Parser
from .tokens import is_name, tokenize


class Calculator:
    def __init__(self):
        self.variables = {}
        self.functions = {}
        self._results = {}  # line -> its value, as long as no name changes

    def run(self, line):
        """Compute `1 + x`, or define `x = 1` or `f(x) = x + 1`.

        Returns the value; None for a function.
        """
        if line in self._results:
            return self._results[line]
        tokens = tokenize(line)
        if "=" in tokens:
            at = tokens.index("=")
            return self._define(tokens[:at], Parser(line[at + 1:]).parse())
        value = self._evaluate(Parser(tokens).parse())
        self._results[line] = value
        return value

    def _define(self, target, tree):
        if len(target) == 1 and is_name(target[0]):
            value = self._evaluate(tree)
            self.variables[target[0]] = value
            self._results.clear()
            return value
        if len(target) > 3 and target[1] == "(" and target[-1] == ")":
            self.functions[target[0]] = (target[2:-1:2], tree)
            self._results.clear()
            return None
        raise CalcError("only a name or f(x) can be defined")

    def _evaluate(self, tree):
        return evaluate(tree, self.variables, self.functions)
