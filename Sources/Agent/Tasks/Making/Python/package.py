"""A package's modules as syntax trees. Nothing of the package is imported or run here."""

import ast
import importlib
import os
import symtable
import sys


class Statement:
    """A statement at a module's top: what it binds, which globals it uses, where its text is."""

    def __init__(self, module, node, first, last):
        self.module, self.node, self.first, self.last = module, node, first, last
        self.binds = set(_bound(node))
        self._uses = self._chains = None

    @property
    def text(self):
        return "\n".join(self.module.lines[self.first - 1 : self.last])

    @property
    def is_import(self):
        return isinstance(self.node, (ast.Import, ast.ImportFrom))

    @property
    def uses(self):
        """Names that are looked up in the module (or are builtins) when this runs or is called."""
        if self._uses is None:
            head = "from __future__ import annotations\n" if self.module.lazy_annotations else ""
            self._uses = set()
            _collect(symtable.symtable(head + self.text, "statement", "exec"), self._uses, True)
            self._uses.discard("annotations")
        return self._uses

    @property
    def chains(self):
        """Attribute chains by their first name: a.b.c gives {"a": {("b", "c")}}; () for a bare use."""
        if self._chains is None:
            self._chains = chains(self.node)
        return self._chains


def chains(tree):
    found, inner = {}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            names, base = [], node
            while isinstance(base, ast.Attribute):
                names.append(base.attr)
                base = base.value
                inner.add(id(base))
            if isinstance(base, ast.Name):
                found.setdefault(base.id, set()).add(tuple(reversed(names)))
        elif isinstance(node, ast.Name) and id(node) not in inner:
            if isinstance(node.ctx, ast.Load):
                found.setdefault(node.id, set()).add(())
    return found


def _collect(table, names, top):
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (top or symbol.is_global()):
            names.add(symbol.get_name())
    for child in table.get_children():
        _collect(child, names, False)


def _bound(node):
    """Names that a top-level statement binds or changes."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.Import):
        return [a.asname or a.name.split(".")[0] for a in node.names]
    if isinstance(node, ast.ImportFrom):
        return [a.asname or a.name for a in node.names if a.name != "*"]
    names, stack = [], [node]
    while stack:
        part = stack.pop()
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.append(part.name)
            continue
        if isinstance(part, (ast.Import, ast.ImportFrom)):
            names += _bound(part)
        if isinstance(part, ast.Name) and isinstance(part.ctx, (ast.Store, ast.Del)):
            names.append(part.id)
        if isinstance(part, (ast.Attribute, ast.Subscript)) and isinstance(part.ctx, ast.Store):
            if not (isinstance(part, ast.Attribute) and part.attr.startswith("__")):
                names += _root(part)
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            if isinstance(part.value.func, ast.Attribute):
                names += _root(part.value.func)
        stack.extend(ast.iter_child_nodes(part))
    return names


def _root(node):
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return [node.id] if isinstance(node, ast.Name) else []


class Module:
    """One file of the package. `name` is dotted, `path` relative to the folder the package lies in."""

    def __init__(self, name, path, text):
        self.name, self.path = name, path
        self.is_package = os.path.basename(path) == "__init__.py"
        self.text = text
        self.tree = ast.parse(text)
        # Python's own line ends only: str.splitlines would count form feeds too.
        self.lines = text.split("\n")
        self.lazy_annotations = any(
            isinstance(n, ast.ImportFrom) and n.module == "__future__"
            and any(a.name == "annotations" for a in n.names) for n in self.tree.body)
        self.statements = []
        last = 0
        for node in self.tree.body:
            first = min([node.lineno] + [d.lineno for d in getattr(node, "decorator_list", [])])
            if first <= last:  # two statements on a line: their texts can't be told apart
                self.statements[-1].binds |= set(_bound(node))
                self.statements[-1].last = node.end_lineno
                last = node.end_lineno
                continue
            while first - 1 > last and self.lines[first - 2].startswith("#"):
                first -= 1
            self.statements.append(Statement(self, node, first, node.end_lineno))
            last = node.end_lineno
        self.by_name = {}
        for statement in self.statements:
            for name in statement.binds:
                self.by_name.setdefault(name, []).append(statement)

    @property
    def package(self):
        return self.name if self.is_package else self.name.rpartition(".")[0]

    def absolute(self, node):
        """The dotted name of the module that a `from … import` names."""
        if not node.level:
            return node.module or ""
        base = self.package.split(".")
        if node.level - 1:
            base = base[: -(node.level - 1)]
        return ".".join(base + ([node.module] if node.module else []))


class Package:
    """The importable modules in a folder, parsed when they are asked for."""

    def __init__(self, root):
        self.root = root
        self._modules = {}
        self.tops = set()
        for entry in sorted(os.listdir(root)):
            path = os.path.join(root, entry)
            if os.path.isdir(path) and not entry.endswith((".dist-info", ".data")):
                self.tops.add(entry)
            elif entry.endswith(".py"):
                self.tops.add(entry[:-3])

    def has(self, name):
        return self._path(name) is not None

    def owns(self, name):
        return name.split(".")[0] in self.tops

    def _path(self, name):
        base = name.replace(".", "/")
        for path in (f"{base}/__init__.py", f"{base}.py"):
            if name and os.path.isfile(os.path.join(self.root, path)):
                return path
        return None

    def module(self, name):
        """The module, or None if there is none; raises SyntaxError or ValueError if it can't be read."""
        if name not in self._modules:
            path = self._path(name)
            self._modules[name] = None
            if path is not None:
                self._modules[name] = Module(name, path, read(os.path.join(self.root, path)))
        return self._modules[name]


def read(path):
    with open(path, "rb") as file:
        data = file.read(4 << 20)
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def standard_module_has(module, name):
    """Whether `from module import name` works for a module of Python's own library."""
    if module.split(".")[0] not in sys.stdlib_module_names or module.startswith(("idlelib", "this")):
        return False
    try:
        return hasattr(importlib.import_module(module), name)
    except ImportError:
        return False
