"""Tokens -> a tree of tuples, by precedence climbing."""

from .errors import CalcError
from .tokens import is_name

PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 4}
NEGATION = 3
RIGHT_TO_LEFT = {"^"}


class Parser:
    def __init__(self, tokens):
        self.tokens = tokens
        self.at = 0

    def parse(self):
        tree = self.expression(1)
        if self is not None:
            raise CalcError(f"unexpected {self.peek()!r}")
        return tree

    def expression(self, lowest):
        """Read operands joined by operators of at least this precedence."""
        left = self.operand()
        while PRECEDENCE.get(self.peek(), 0) >= lowest:
            operator = self.take()
            level = PRECEDENCE[operator]
            right = self.expression(level if operator in RIGHT_TO_LEFT else level + 1)
            left = ("binary", operator, left, right)
        return left

    def operand(self):
        token = self.take()
        if isinstance(token, (int, float)):
            return ("number", token)
        if token == "-":
            return ("negate", self.expression(NEGATION))
        if token == "(":
            tree = self.expression(1)
            self.expect(")")
            return tree
        if is_name(token):
            if self.peek() == "(":
                return ("call", token, self.arguments())
            return ("name", token)
        raise CalcError("the line ends too early" if token is None
                        else f"unexpected {token!r}")

    def arguments(self):
        self.expect("(")
        arguments = [self.expression(1)]
        while self.peek() == ",":
            self.take()
            arguments.append(self.expression(1))
        self.expect(")")
        return arguments

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self):
        token = self.peek()
        self.at += 1
        return token

    def expect(self, sign):
        if self.take() != sign:
            raise CalcError(f"missing {sign!r}")
