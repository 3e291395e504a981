"""All mutations of some functions of a file."""

import ast

from . import statements  # noqa: F401, which registers its operators
from .operators import OPERATORS, Context

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Mutation:
    """One edit of a file: the bytes from `start` to `end` become `replacement`."""

    def __init__(self, operator, function, line, start, end, replacement):
        self.operator, self.function, self.line = operator, function, line
        self.start, self.end, self.replacement = start, end, replacement

    def apply(self, data):
        return (data[: self.start] + self.replacement.encode() + data[self.end :]).decode()


def functions(tree):
    """Functions and methods at any depth of classes, with their qualified names."""
    def walk(nodes, prefix):
        for node in nodes:
            if isinstance(node, FUNCTIONS):
                yield prefix + node.name, node
            elif isinstance(node, ast.ClassDef):
                yield prefix + node.name, node
                yield from walk(node.body, prefix + node.name + ".")
            elif isinstance(node, (ast.If, ast.Try)):
                yield from walk(node.body, prefix)

    return list(walk(tree.body, ""))


def _nodes(function):
    """The nodes of a function: its defaults and body, without annotations and docstrings."""
    if isinstance(function, ast.ClassDef):
        return [function]  # its methods come by themselves
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    found, stack = [function], list(reversed(body))
    while stack:
        node = stack.pop()
        found.append(node)
        children = []
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list", "format_spec"):
                continue
            if isinstance(node, ast.JoinedStr):
                continue  # positions inside are not to be trusted before Python 3.12
            values = value if isinstance(value, list) else [value]
            children += [v for v in values if isinstance(v, ast.AST)]
        stack.extend(reversed(children))
    return found


def mutations(text, wanted=None, allowed=None):
    """Every mutation of the functions whose qualified names are wanted (all if None), each another text
    and another tree than the original and than the ones before."""
    context = Context(text)
    original = ast.dump(context.tree)
    seen, result, sites = {original}, [], 0
    for name, function in functions(context.tree):
        if wanted is not None and name not in wanted:
            continue
        context.function = function
        for node in _nodes(function):
            for operator, (kinds, generate) in OPERATORS.items():
                if not isinstance(node, kinds):
                    continue
                if operator == "removed-call" and isinstance(function, ast.ClassDef):
                    continue
                for start, end, replacement in list(generate(context, node)):
                    mutation = Mutation(operator, name, node_line(node), start, end, replacement)
                    try:
                        dump = ast.dump(ast.parse(mutation.apply(context.data)))
                    except (SyntaxError, ValueError, UnicodeDecodeError, RecursionError):
                        continue
                    if dump in seen:
                        continue
                    seen.add(dump)
                    sites += 1
                    if allowed is None or operator in allowed:
                        result.append(mutation)
    return result, sites


def node_line(node):
    return getattr(node, "lineno", 0)
