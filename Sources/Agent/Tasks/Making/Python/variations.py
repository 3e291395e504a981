"""More tests for functions whose documentation shows few: the same calls with other values, and what the sound
code answers. Such a test says only that behaviour is kept, which is what a hidden test has to say."""

import ast
import copy

from .examples import ADDRESS, Test

ENOUGH = 8
MOST = 5
TRIED = 16
ERRORS = {"ValueError", "KeyError", "IndexError", "ZeroDivisionError", "OverflowError"}


def variations(subject):
    """Calls to try, as tests that can't pass, so that a trial shows what they answer."""
    if len(subject.tests) >= ENOUGH:
        return []
    seen = {t.call for t in subject.tests}
    result = []
    for test in subject.tests:
        if test.kind not in ("equal", "repr"):
            continue
        for call in _varied(test.call, subject.names):
            if call in seen or len(call) > 120:
                continue
            seen.add(call)
            other = Test(list(test.setup), call, "equal", "object()")
            other.imports, other.needs = test.imports, test.needs
            other.package_imports, other.owner = test.package_imports, test.owner
            result.append(other)
    # From each test in turn, so that one with many values doesn't take all places.
    return result[:: max(1, len(result) // TRIED)][:TRIED]


def answered(tests, seen, room):
    """Turns what was tried into tests, those with new answers first."""
    known, fresh, repeated = set(), [], []
    for test in tests:
        text = seen.get(test.name, "")
        if text.startswith("raises "):
            name = text.removeprefix("raises ").split(":")[0]
            if name not in ERRORS:
                continue
            test.kind, test.expected = "raises", name
        else:
            if text.endswith("...") or ADDRESS.search(text) or not text:
                continue
            try:
                value = ast.literal_eval(text)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
            if value != value or isinstance(value, (set, frozenset)) and len(value) > 1:
                continue
            test.expected = text
        if len(test.body()[-1]) > 120:
            continue
        (repeated if test.expected in known else fresh).append(test)
        known.add(test.expected)
    return (fresh + repeated)[: min(MOST, room)]


def _varied(call, names):
    try:
        tree = ast.parse(call, mode="eval")
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id not in names:
            continue
        for index, argument in enumerate(node.args):
            for value in _other_values(argument):
                kept = node.args[index]
                node.args[index] = value
                yield ast.unparse(tree)
                node.args[index] = kept


def _other_values(node):
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool):
            yield ast.Constant(not value)
        elif isinstance(value, int):
            for other in (value + 1, value - 1, 2 * value + 3, 0):
                yield ast.parse(str(other), mode="eval").body
        elif isinstance(value, float):
            yield ast.parse(str(value / 2), mode="eval").body
        elif isinstance(value, str):
            for other in (value[::-1], value.swapcase(), value[1:], value + value[:1], ""):
                yield ast.Constant(other)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        yield copy.deepcopy(node.operand)
    elif isinstance(node, (ast.List, ast.Tuple)) and node.elts:
        parts = node.elts
        lists = [parts[:-1], parts[::-1], parts[1:] + parts[:1], parts + parts[:1]]
        for index, part in enumerate(parts[:3]):
            for other in list(_other_values(part))[:2]:
                lists.append(parts[:index] + [other] + parts[index + 1 :])
        for elements in lists:
            if elements or isinstance(node, ast.List):
                yield type(node)(elements, node.ctx)
