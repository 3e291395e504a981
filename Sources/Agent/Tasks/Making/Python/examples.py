"""Tests out of the examples in docstrings: one unittest method for each example with a result."""

import ast
import builtins
import doctest
import re

from .package import chains

PARSER = doctest.DocTestParser()
LONGEST = 12
ADDRESS = re.compile(r"\bat 0x|\b0x[0-9a-f]{6,}|<\w[\w.]* (object|at)\b")


class Unusable(Exception):
    """Why an example can't become a test, in a few words."""


class Test:
    """A check of one call. `kind` is equal (`expected` is a literal), repr, print, raises or true."""

    def __init__(self, setup, call, kind, expected):
        self.setup, self.call, self.kind, self.expected = setup, call, kind, expected
        self.imports = []  # lines for the test file's head that are about Python's library
        self.needs = []  # (module name, name, chains) of the package
        self.package_imports = []  # (module name, name) or a line of its own
        self.owner = ""
        self.name = ""

    @property
    def key(self):
        return (tuple(self.setup), self.call, self.kind, self.expected)

    def body(self):
        lines = [line for statement in self.setup for line in statement.split("\n")]
        call, expected = self.call, self.expected
        if self.kind == "raises":
            lines += [f"with self.assertRaises({expected}):"]
            return lines + ["    " + line for line in call.split("\n")]
        if self.kind == "true":
            return lines + [f"assert {call}"]
        if self.kind == "equal" and expected in ("True", "False", "None"):
            return lines + _call("assertIs", call, expected)
        if self.kind == "equal":
            return lines + _call("assertEqual", call, expected)
        function = "repr" if self.kind == "repr" else "str"
        return lines + _call("assertEqual", f"{function}({call})", repr(expected))

    def probe(self):
        """Statements, then an expression whose value shows what the test sees."""
        if self.kind in ("raises", "true"):
            return "\n".join(self.setup), self.call
        function = {"equal": "", "repr": "repr", "print": "str"}[self.kind]
        return "\n".join(self.setup), f"{function}({self.call})"


def _call(method, actual, expected):
    line = f"self.{method}({actual}, {expected})"
    if len(line) <= 88:
        return [line]
    return [f"self.{method}(", f"    {actual},", f"    {expected},", ")"]


def _source(node, text):
    """The text as it is if it's one line without a comment, else on as few lines as it goes."""
    text = text.strip()
    return ast.unparse(node) if any(mark in text for mark in "\n;#") else text


class Group:
    """The examples of one docstring, which share their variables."""

    def __init__(self, package, module, owner, docstring):
        self.package, self.module, self.owner = package, module, owner
        self.rejected = []
        self.steps = []
        try:
            examples = PARSER.get_examples(docstring)
        except ValueError:
            examples = []
            self.rejected.append("malformed example")
        for example in examples:
            try:
                node = ast.parse(example.source)
            except (SyntaxError, ValueError):
                self.rejected.append("example isn't Python 3")
                continue
            if node.body:
                self.steps.append((example, node))
        self.local = set()
        for _, node in self.steps:
            if not any(isinstance(n, (ast.Import, ast.ImportFrom)) for n in node.body):
                self.local |= _stored(node)
        self.imported = {}
        self._read_imports()

    def _read_imports(self):
        for _, node in self.steps:
            for part in node.body:
                if isinstance(part, ast.Import):
                    for alias in part.names:
                        self.imported[alias.asname or alias.name.split(".")[0]] = (part, alias)
                elif isinstance(part, ast.ImportFrom):
                    for alias in part.names:
                        self.imported[alias.asname or alias.name] = (part, alias)

    def tests(self):
        result = []
        for index, (example, node) in enumerate(self.steps):
            if not example.want and example.exc_msg is None:
                continue
            try:
                result.append(self._test(index, example, node))
            except Unusable as reason:
                self.rejected.append(str(reason))
        return result

    def _test(self, index, example, node):
        if example.options.get(doctest.SKIP):
            raise Unusable("example is marked to be skipped")
        if len(node.body) != 1:
            raise Unusable("several statements in one example")
        statement = node.body[0]
        source = _source(statement, example.source)
        test = self._check(example, statement, source)
        parts = [statement] + self._setup(index, statement, test)
        if len(test.body()) > LONGEST:
            raise Unusable("example is too long")
        for part in parts:
            self._resolve(part, test)
        if test.kind == "raises":
            self._resolve_name(test.expected, test, frozenset({()}))
        test.owner = self.owner
        return test

    def _check(self, example, statement, source):
        if example.exc_msg is not None:
            name = example.exc_msg.split(":")[0].strip().split(".")[-1]
            if not name.isidentifier():
                raise Unusable("unclear exception")
            return Test([], source, "raises", name)
        if not isinstance(statement, ast.Expr):
            raise Unusable("a statement that prints")
        want = example.want.rstrip("\n")
        if ADDRESS.search(want):
            raise Unusable("result holds an address")
        value = statement.value
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            if value.func.id == "print":
                if len(value.args) != 1 or value.keywords or isinstance(value.args[0], ast.Starred):
                    raise Unusable("a print of several values")
                if "..." in want or "<BLANKLINE>" in want:
                    raise Unusable("result is abbreviated")
                return Test([], ast.unparse(value.args[0]), "print", want)
        try:
            literal = ast.literal_eval(want)
        except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
            literal = Ellipsis
        if literal is not Ellipsis and "..." not in repr(literal):
            return Test([], source, "equal", want if "\n" not in want else repr(literal))
        if "..." in want or "\n" in want or "<BLANKLINE>" in want:
            raise Unusable("result is abbreviated")
        return Test([], source, "repr", want)

    def _setup(self, index, statement, test):
        """Fills the test's setup with the earlier steps that its variables depend on."""
        needed = _loaded(statement) & self.local
        parts, texts = [], []
        for example, node in reversed(self.steps[:index]):
            if not needed:
                break
            if any(isinstance(n, (ast.Import, ast.ImportFrom)) for n in node.body):
                continue
            if example.exc_msg is not None:
                continue
            touched = (_stored(node) | _loaded(node)) & needed
            if not touched:
                continue
            only = node.body[0] if len(node.body) == 1 else None
            if isinstance(only, ast.Assign) and all(isinstance(t, ast.Name) for t in only.targets):
                if not _stored(only) & needed and not _calls(only):
                    continue
                needed -= _stored(only)
            elif isinstance(only, ast.Expr) and not _calls(only):
                continue
            needed |= _loaded(node) & self.local
            parts += node.body
            texts.append("\n".join(_source(n, ast.unparse(n)) for n in node.body)
                         if only is None else _source(only, example.source))
        test.setup = texts[::-1]
        return parts

    def _resolve(self, part, test):
        inside = _stored(part) | _arguments(part)
        for name, found in sorted(chains(part).items()):
            if name in self.local or name in inside:
                continue
            self._resolve_name(name, test, frozenset(found))

    def _resolve_name(self, name, test, found):
        if name in self.imported:
            self._resolve_import(name, test, found)
        elif self.module.by_name.get(name):
            self._resolve_global(name, test, found)
        elif hasattr(builtins, name):
            if name in ("input", "open", "exit", "quit", "help", "breakpoint", "id", "hash", "exec"):
                raise Unusable(f"uses {name}")
        elif self.package.module(self.module.name.split(".")[0]).by_name.get(name):
            top = self.module.name.split(".")[0]
            test.needs.append((top, name, found))
            test.package_imports.append((top, name))
        else:
            test.needs.append((self.module.name, name, found))
            test.package_imports.append((self.module.name, name))

    def _resolve_import(self, name, test, found):
        node, alias = self.imported[name]
        as_text = f" as {alias.asname}" if alias.asname else ""
        if isinstance(node, ast.Import):
            if self.package.owns(alias.name):
                if alias.asname:
                    raise Unusable("imports the package under another name")
                raise Unusable("imports the package as a whole")
            test.imports.append(f"import {alias.name}{as_text}")
            return
        source = self.module.absolute(node)
        if alias.name == "*":
            return
        if self.package.owns(source):
            if alias.asname:
                raise Unusable("imports a name of the package under another name")
            test.needs.append((source, alias.name, found))
            test.package_imports.append((source, alias.name))
        else:
            test.imports.append(f"from {source} import {alias.name}{as_text}")

    def _resolve_global(self, name, test, found):
        statement = self.module.by_name[name][0]
        node = statement.node
        if isinstance(node, ast.ImportFrom) and not self.package.owns(self.module.absolute(node)):
            alias = next(a for a in node.names if (a.asname or a.name) == name)
            as_text = f" as {alias.asname}" if alias.asname else ""
            test.imports.append(f"from {node.module} import {alias.name}{as_text}")
        elif isinstance(node, ast.Import):
            alias = next(a for a in node.names if (a.asname or a.name.split(".")[0]) == name)
            if self.package.owns(alias.name):
                raise Unusable("uses a module of the package as a whole")
            as_text = f" as {alias.asname}" if alias.asname else ""
            test.imports.append(f"import {alias.name}{as_text}")
        else:
            test.needs.append((self.module.name, name, found))
            test.package_imports.append((self.module.name, name))


def _stored(tree):
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            names.add(node.name)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
    return names


def _arguments(tree):
    return {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}


def _loaded(tree):
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _calls(tree):
    return any(isinstance(n, (ast.Call, ast.NamedExpr, ast.Await)) for n in ast.walk(tree))


def docstrings(node):
    """The docstrings of a function or class and of what it holds."""
    for part in ast.walk(node):
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            text = ast.get_docstring(part, clean=False)
            if text and ">>>" in text:
                yield text


def module_tests(package, module):
    """All tests of a module, by owner ("" for the module's own docstring), and why others were left."""
    tests, rejected = [], []

    def add(owner, text):
        group = Group(package, module, owner, text)
        tests.extend(group.tests())
        rejected.extend(group.rejected)

    text = ast.get_docstring(module.tree, clean=False)
    if text and ">>>" in text:
        add("", text)
    for statement in module.statements:
        if isinstance(statement.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for text in docstrings(statement.node):
                add(statement.node.name, text)
    unique = {}
    for test in tests:
        unique.setdefault(test.key, test)
    return list(unique.values()), rejected


def render(tests, class_name):
    """The text of a test file."""
    library = sorted({line for test in tests for line in test.imports})
    names = {}
    for test in tests:
        for module, name in test.package_imports:
            names.setdefault(module, set()).add(name)
    lines = ["import unittest"] + [line for line in library if line != "import unittest"]
    lines.append("")
    for module in sorted(names):
        listed = sorted(names[module])
        line = f"from {module} import {', '.join(listed)}"
        if len(line) > 88:
            line = f"from {module} import (\n" + "".join(f"    {n},\n" for n in listed) + ")"
        lines.append(line)
    lines += ["", "", f"class {class_name}(unittest.TestCase):"]
    for index, test in enumerate(tests):
        lines += [""] if index else []
        lines.append(f"    def {test.name}(self):")
        lines += [f"        {line}" if line else "" for line in test.body()]
    return "\n".join(lines) + "\n"
