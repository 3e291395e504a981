"""The value of a tree."""

import operator

from .errors import CalcError

OPERATIONS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "/": operator.truediv, "%": operator.mod, "^": operator.pow,
}


def evaluate(tree, variables, functions):
    """`functions` maps a name to (parameters, tree of the body)."""
    kind = tree[0]
    if kind == "number":
        return tree[1]
    if kind == "name":
        if tree[1] not in variables:
            raise CalcError(f"unknown name {tree[1]!r}")
        return variables[tree[1]]
    if kind == "negate":
        return -evaluate(tree[1], variables, functions)
    if kind == "call":
        return call(tree[1], tree[2], variables, functions)
    left = evaluate(tree[2], variables, functions)
    right = evaluate(tree[3], variables, functions)
    try:
        return OPERATIONS[tree[1]](left, right)
    except ZeroDivisionError:
        raise CalcError("division by zero") from None


def call(name, arguments, variables, functions):
    if name not in functions:
        raise CalcError(f"unknown function {name!r}")
    parameters, body = functions[name]
    if len(arguments) != len(parameters):
        raise CalcError(f"{name!r} takes {len(parameters)} values")
    scope = dict(variables)
    for parameter, argument in zip(parameters, arguments):
        scope[parameter] = evaluate(argument, variables, functions)
    return evaluate(body, scope, functions)
