"""Mutation operators: each turns one node of a function into the text that stands there instead.

An operator is a function of a context and a node that yields (start, end, replacement), with byte offsets
into the file; everything outside stays as it is. SWE-smith's procedural operators and the usual ones of
mutation testing, one slip of a programmer each.
"""

import ast
import re

OPERATORS = {}
SCOPES = (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ListComp, ast.SetComp,
          ast.DictComp, ast.GeneratorExp)


def operator(name, *kinds):
    def register(function):
        OPERATORS[name] = (kinds, function)
        return function

    return register


class Context:
    """The file, its tree, and the function that is being looked at."""

    def __init__(self, text, tree=None):
        self.text = text
        self.data = text.encode()
        self.tree = tree or ast.parse(text)
        self.starts = [0]
        for line in self.data.split(b"\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.parents = {}
        for node in ast.walk(self.tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
        self.function = None

    def start(self, node):
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node):
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def source(self, node):
        return self.data[self.start(node) : self.end(node)].decode()

    def span(self, node, text):
        return self.start(node), self.end(node), text

    def between(self, left, right, pattern, text):
        """Replaces the first match of a pattern in the text between two nodes."""
        gap = self.data[self.end(left) : self.start(right)].decode()
        match = re.search(pattern, gap)
        if match is None or "#" in gap:
            return
        first = self.end(left) + len(gap[: match.start()].encode())
        yield first, first + len(match.group().encode()), text

    def atom(self, node):
        """The node's text, in brackets if it could fall apart elsewhere."""
        text = self.source(node)
        simple = (ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript, ast.List, ast.Dict)
        return text if isinstance(node, simple) else f"({text})"

    def in_scope(self, node):
        """Parameters and variables that a node of the function can see and that come before it, in the
        order of their first appearance."""
        inside, parent = set(), node
        while parent is not self.function:
            inside.add(parent)
            parent = self.parents[parent]
        names, stack = {}, list(ast.iter_child_nodes(self.function))
        while stack:
            part = stack.pop()
            if isinstance(part, SCOPES) and part not in inside:
                continue
            place = (getattr(part, "lineno", 0), getattr(part, "col_offset", 0))
            name = None
            if isinstance(part, ast.arg):
                name = part.arg
            elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                name = part.id
                if isinstance(self.parents.get(part), ast.comprehension):
                    place = (0, 0)  # bound after the text that uses it
            if name is not None and place < (node.lineno, node.col_offset):
                names[name] = min(place, names.get(name, place))
            stack.extend(ast.iter_child_nodes(part))
        return sorted(names, key=lambda name: (names[name], name))


# Comparisons and operators

FLIPPED = {ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">")}
NEGATED = {
    ast.Eq: (r"==", "!="), ast.NotEq: (r"!=", "=="), ast.Is: (r"\bis\b", "is not"),
    ast.IsNot: (r"\bis\s+not\b", "is"), ast.In: (r"\bin\b", "not in"),
    ast.NotIn: (r"\bnot\s+in\b", "in"), ast.Lt: ("<", ">="), ast.LtE: ("<=", ">"),
    ast.Gt: (">", "<="), ast.GtE: (">=", "<"),
}


@operator("comparison-boundary", ast.Compare)
def comparison_boundary(c, node):
    for left, op, right in zip([node.left] + node.comparators, node.ops, node.comparators):
        if type(op) in FLIPPED:
            old, new = FLIPPED[type(op)]
            yield from c.between(left, right, re.escape(old), new)


@operator("comparison", ast.Compare)
def comparison(c, node):
    for left, op, right in zip([node.left] + node.comparators, node.ops, node.comparators):
        if type(op) in NEGATED:
            yield from c.between(left, right, *NEGATED[type(op)])


@operator("broken-chain", ast.Compare)
def broken_chain(c, node):
    if len(node.ops) > 1:
        yield c.start(node), c.end(node), c.data[c.start(node) : c.end(node.comparators[-2])].decode()
        yield c.start(node), c.end(node), c.data[c.start(node.comparators[0]) : c.end(node)].decode()


ARITHMETIC = {
    ast.Add: (r"\+", "-"), ast.Sub: (r"-", "+"), ast.Mult: (r"\*", "+"), ast.Div: (r"/", "//"),
    ast.FloorDiv: (r"//", "/"), ast.Mod: (r"%", "//"), ast.Pow: (r"\*\*", "*"),
    ast.BitAnd: (r"&", "|"), ast.BitOr: (r"\|", "&"), ast.BitXor: (r"\^", "|"),
    ast.LShift: (r"<<", ">>"), ast.RShift: (r">>", "<<"),
}


@operator("operator", ast.BinOp, ast.AugAssign)
def arithmetic(c, node):
    if isinstance(node, ast.BinOp):
        left, right = node.left, node.right
        if isinstance(node.op, ast.Mod) and isinstance(left, (ast.Constant, ast.JoinedStr)):
            return  # a string is formatted
    else:
        left, right = node.target, node.value
    if type(node.op) in ARITHMETIC:
        yield from c.between(left, right, *ARITHMETIC[type(node.op)])


@operator("swapped-operands", ast.BinOp, ast.Compare)
def swapped_operands(c, node):
    if isinstance(node, ast.BinOp):
        left, op, right = node.left, node.op, node.right
        if isinstance(op, (ast.BitAnd, ast.BitOr, ast.BitXor)):
            return
    elif len(node.ops) == 1 and isinstance(node.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In)):
        left, op, right = node.left, node.ops[0], node.comparators[0]
    else:
        return
    if isinstance(op, ast.Mod) and isinstance(left, (ast.Constant, ast.JoinedStr)):
        return
    gap = c.data[c.end(left) : c.start(right)].decode()
    if "#" in gap or ast.dump(left) == ast.dump(right):
        return
    yield c.start(left), c.end(right), c.atom(right) + gap + c.atom(left)


# Constants and conditions


@operator("constant", ast.Constant)
def constant(c, node):
    if type(node.value) is int and not c.source(node).startswith(("0x", "0b", "0o")):
        yield c.span(node, str(node.value + 1))
        if node.value > 0:
            yield c.span(node, str(node.value - 1))


@operator("boolean", ast.Constant, ast.BoolOp)
def boolean(c, node):
    if isinstance(node, ast.Constant):
        if type(node.value) is bool:
            yield c.span(node, str(not node.value))
        return
    old, new = (r"\band\b", "or") if isinstance(node.op, ast.And) else (r"\bor\b", "and")
    for left, right in zip(node.values, node.values[1:]):
        yield from c.between(left, right, old, new)


@operator("removed-condition", ast.BoolOp)
def removed_condition(c, node):
    for index, value in enumerate(node.values):
        if index + 1 < len(node.values):
            yield c.start(value), c.start(node.values[index + 1]), ""
        else:
            yield c.end(node.values[index - 1]), c.end(value), ""


@operator("negated-condition", ast.If, ast.While, ast.IfExp, ast.comprehension)
def negated_condition(c, node):
    tests = node.ifs if isinstance(node, ast.comprehension) else [node.test]
    for test in tests:
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            continue
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            continue  # that is the operator "comparison"
        yield c.span(test, f"not {c.atom(test)}")


@operator("dropped-not", ast.UnaryOp)
def dropped_not(c, node):
    if isinstance(node.op, (ast.Not, ast.USub)):
        yield c.start(node), c.start(node.operand), ""


# Calls, names, subscripts


@operator("swapped-arguments", ast.Call)
def swapped_arguments(c, node):
    plain = [a for a in node.args if not isinstance(a, ast.Starred)]
    for left, right in zip(plain, plain[1:]):
        if ast.dump(left) != ast.dump(right):
            gap = c.data[c.end(left) : c.start(right)].decode()
            yield c.start(left), c.end(right), c.source(right) + gap + c.source(left)


@operator("removed-call", ast.Call)
def removed_call(c, node):
    """A method without arguments, or a function around its only argument, is forgotten."""
    if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
        return
    if isinstance(node.func, ast.Attribute) and not node.args:
        if not isinstance(c.parents.get(node), ast.Expr):
            yield c.span(node, c.source(node.func.value))
    elif isinstance(node.func, ast.Name) and len(node.args) == 1:
        if not isinstance(c.parents.get(node), (ast.Expr, ast.Raise)):
            argument = node.args[0]
            if isinstance(argument, ast.GeneratorExp):
                return
            yield c.span(node, c.atom(argument))


@operator("slice", ast.Subscript)
def off_by_one_slice(c, node):
    part = node.slice
    if isinstance(part, ast.Slice):
        for bound in (part.lower, part.upper):
            if bound is not None:
                yield from _off_by_one(c, bound)
        if part.lower is None and part.upper is not None and c.source(part).startswith(":"):
            yield c.start(part), c.start(part), "1"
        if part.upper is None and part.lower is not None and part.step is None:
            yield c.end(part), c.end(part), "-1"
    elif not isinstance(part, (ast.Tuple, ast.Constant)) or type(getattr(part, "value", 0)) is int:
        if isinstance(part, (ast.BinOp, ast.UnaryOp, ast.Constant)):
            yield from _off_by_one(c, part)


def _off_by_one(c, node):
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield c.span(node, str(node.value + 1))
        if node.value > 0:
            yield c.span(node, str(node.value - 1))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        if type(node.operand.value) is int:
            yield c.span(node.operand, str(node.operand.value + 1))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        if isinstance(node.right, ast.Constant) and type(node.right.value) is int:
            yield c.end(node.left), c.end(node.right), ""
    elif isinstance(node, (ast.Name, ast.Attribute, ast.Call)):
        yield c.end(node), c.end(node), " + 1"
        yield c.end(node), c.end(node), " - 1"


@operator("wrong-variable", ast.Name)
def wrong_variable(c, node):
    if not isinstance(node.ctx, ast.Load):
        return
    names = c.in_scope(node)
    parent = c.parents.get(node)
    if node.id not in names or (isinstance(parent, ast.Call) and parent.func is node):
        return
    place = names.index(node.id)
    # The nearest names in the function: those that one mistakes for each other.
    for name in names[max(0, place - 2) : place] + names[place + 1 : place + 3]:
        if name not in ("self", "cls"):
            yield c.span(node, name)


@operator("default-value", ast.FunctionDef, ast.AsyncFunctionDef)
def default_value(c, node):
    defaults = node.args.defaults + [d for d in node.args.kw_defaults if d is not None]
    for default in defaults:
        if not isinstance(default, ast.Constant):
            continue
        value = default.value
        if isinstance(value, bool):
            yield c.span(default, str(not value))
        elif isinstance(value, int):
            yield c.span(default, str(value + 1))
            yield c.span(default, "None")
        elif isinstance(value, str):
            yield c.span(default, '""' if value else '" "')
        elif value is None:
            yield c.span(default, "0")
            yield c.span(default, "()")


ERRORS = ["ValueError", "TypeError", "KeyError", "IndexError", "AttributeError", "RuntimeError"]


@operator("exception-kind", ast.Raise, ast.ExceptHandler)
def exception_kind(c, node):
    if isinstance(node, ast.ExceptHandler):
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    else:
        kinds = [node.exc.func if isinstance(node.exc, ast.Call) else node.exc]
    for kind in kinds:
        if not isinstance(kind, ast.Name):
            continue
        place = ERRORS.index(kind.id) if kind.id in ERRORS else -1
        yield c.span(kind, ERRORS[(place + 1) % len(ERRORS)])
        yield c.span(kind, ERRORS[(place + 2) % len(ERRORS)])
