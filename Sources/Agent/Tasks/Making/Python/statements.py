"""Mutation operators that remove or move whole statements, line by line."""

import ast

from .operators import operator

COMPOUND = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.FunctionDef, ast.ClassDef,
            ast.AsyncFunctionDef, ast.Match)


def lines_of(c, first, last):
    """Offsets of whole lines, from the start of line `first` to the end of line `last`."""
    return c.starts[first - 1], min(c.starts[last], len(c.data))


def alone(c, node):
    """Whether no other code shares the statement's lines."""
    start, end = lines_of(c, node.lineno, node.end_lineno)
    before = c.data[start : c.start(node)].strip()
    after = c.data[c.end(node) : end].strip()
    return not before and (not after or after.startswith(b"#"))


def block_of(c, node):
    parent = c.parents.get(node)
    for field in ("body", "orelse", "finalbody"):
        block = getattr(parent, field, None)
        if isinstance(block, list) and node in block:
            return block
    return []


def removal(c, node):
    if not alone(c, node):
        return
    start, end = lines_of(c, node.lineno, node.end_lineno)
    if len(block_of(c, node)) > 1:
        yield start, end, ""
    else:
        yield c.span(node, "pass")


def indented(c, nodes, column):
    """The statements' lines, moved so that the first starts in `column`."""
    start, end = lines_of(c, nodes[0].lineno, nodes[-1].end_lineno)
    shift = column - nodes[0].col_offset
    result = []
    for line in c.data[start:end].decode().split("\n"):
        if shift > 0 and line.strip():
            line = " " * shift + line
        elif shift < 0:
            if line[:-shift].strip():
                return None
            line = line[-shift:]
        result.append(line)
    return "\n".join(result)


def has_text_over_lines(nodes):
    """A string over several lines would change with its indentation."""
    for node in nodes:
        for part in ast.walk(node):
            if isinstance(part, (ast.Constant, ast.JoinedStr)) and part.lineno != part.end_lineno:
                return True
    return False


@operator("removed-assignment", ast.Assign, ast.AugAssign)
def removed_assignment(c, node):
    yield from removal(c, node)


@operator("removed-loop", ast.For, ast.While)
def removed_loop(c, node):
    yield from removal(c, node)


@operator("removed-statement", ast.Expr, ast.Break, ast.Continue)
def removed_statement(c, node):
    if isinstance(node, ast.Expr) and isinstance(node.value, (ast.Constant, ast.Yield)):
        return
    yield from removal(c, node)


@operator("removed-branch", ast.If)
def removed_branch(c, node):
    if not node.orelse:
        if isinstance(c.parents.get(node), ast.If) and c.data[c.start(node) :].startswith(b"elif"):
            start, end = lines_of(c, node.lineno, node.end_lineno)
            yield start, end, ""
        else:
            yield from removal(c, node)
        return
    last = node.orelse[-1]
    first = node.body[-1].end_lineno + 1
    start, end = lines_of(c, first, last.end_lineno)
    if alone(c, last) and c.data[start:end].strip().startswith((b"else", b"elif", b"#")):
        yield start, end, ""


@operator("inverted-if", ast.If, ast.IfExp)
def inverted_if(c, node):
    if isinstance(node, ast.IfExp):
        if not isinstance(node.body, ast.IfExp) and not isinstance(node.orelse, ast.IfExp):
            middle = c.data[c.end(node.body) : c.start(node.orelse)].decode()
            yield c.span(node, c.atom(node.orelse) + middle + c.atom(node.body))
        return
    simple = node.orelse and not (len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If))
    if not simple or node.body[0].lineno == node.lineno:
        return
    if node.body[0].col_offset != node.orelse[0].col_offset:
        return
    body = lines_of(c, node.body[0].lineno, node.body[-1].end_lineno)
    other = lines_of(c, node.orelse[0].lineno, node.orelse[-1].end_lineno)
    if body[1] > other[0] or not c.data[: other[1]].endswith(b"\n"):
        return
    middle = c.data[body[1] : other[0]].decode()
    yield body[0], other[1], (c.data[other[0] : other[1]].decode() + middle
                              + c.data[body[0] : body[1]].decode())


@operator("early-return", ast.For, ast.While)
def early_return(c, node):
    """The return after a loop slips into it."""
    block = block_of(c, node)
    place = block.index(node) if node in block else len(block)
    if place + 1 >= len(block) or not isinstance(block[place + 1], ast.Return) or node.orelse:
        return
    following = block[place + 1]
    if not alone(c, following) or has_text_over_lines([following]):
        return
    if node.body[0].lineno == node.lineno:
        return
    start, end = lines_of(c, node.end_lineno + 1, following.end_lineno)
    gap, _ = lines_of(c, following.lineno, following.end_lineno)
    text = indented(c, [following], node.body[0].col_offset)
    if text is not None and not c.data[start:gap].strip():
        yield start, end, text


@operator("late-return", ast.Return)
def late_return(c, node):
    """The return inside a loop slips out of it."""
    parent = c.parents.get(node)
    if not isinstance(parent, (ast.For, ast.While)) or parent.orelse or len(parent.body) < 2:
        return
    if parent.body[-1] is not node or not alone(c, node) or has_text_over_lines([node]):
        return
    text = indented(c, [node], parent.col_offset)
    if text is not None:
        yield (*lines_of(c, node.lineno, node.end_lineno), text)


@operator("loop-control", ast.Break, ast.Continue)
def loop_control(c, node):
    yield c.span(node, "continue" if isinstance(node, ast.Break) else "break")


@operator("swapped-lines", ast.stmt)
def swapped_lines(c, node):
    """SWE-smith's shuffled lines, two neighbours at a time."""
    block = block_of(c, node)
    place = block.index(node) if node in block else len(block)
    if place + 1 >= len(block):
        return
    other = block[place + 1]
    for part in (node, other):
        if isinstance(part, COMPOUND + (ast.Return, ast.Raise)) or not alone(c, part):
            return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    first = lines_of(c, node.lineno, node.end_lineno)
    second = lines_of(c, other.lineno, other.end_lineno)
    if first[1] != second[0] or not c.data[: second[1]].endswith(b"\n"):
        return
    yield first[0], second[1], (c.data[second[0] : second[1]] + c.data[first[0] : first[1]]).decode()


@operator("removed-wrapper", ast.With, ast.Try)
def removed_wrapper(c, node):
    if has_text_over_lines(node.body) or node.body[0].lineno == node.lineno or not alone(c, node):
        return
    text = indented(c, node.body, node.col_offset)
    if text is not None:
        yield (*lines_of(c, node.lineno, node.end_lineno), text)


@operator("removed-base", ast.ClassDef)
def removed_base(c, node):
    for base in node.bases:
        if len(node.bases) == 1 and not node.keywords:
            line = c.data[c.start(base) : c.starts[base.end_lineno]].decode()
            if line.startswith(c.source(base) + "):"):
                yield c.start(base) - 1, c.end(base) + 1, ""
        elif base is node.bases[0] and len(node.bases) > 1:
            yield c.start(base), c.start(node.bases[1]), ""
