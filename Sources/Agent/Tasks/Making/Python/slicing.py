"""The part of a package that some of its names need, as a small package of the same shape."""

import ast
import builtins
import re
import sys

from .package import standard_module_has


class SliceError(Exception):
    """Why a name can't be taken out of its package, in a few words."""


class Slice:
    """Grows by the names that are asked for; `files()` renders it."""

    def __init__(self, package):
        self.package = package
        self.kept = {}  # module name -> set of statements that aren't imports
        self.imports = {}  # module name -> {statement: set of names it must bind}
        self.seen = set()
        self.modules = set()

    def copy(self):
        other = Slice(self.package)
        other.kept = {m: set(s) for m, s in self.kept.items()}
        other.imports = {m: {s: set(n) for s, n in i.items()} for m, i in self.imports.items()}
        other.seen, other.modules = set(self.seen), set(self.modules)
        return other

    def names(self, module):
        """The names that the slice binds in a module, imports apart."""
        return {n for s in self.kept.get(module.name, ()) for n in s.binds}

    def add_module(self, module):
        parts = module.name.split(".")
        for end in range(1, len(parts) + 1):
            self.modules.add(".".join(parts[:end]))

    def need(self, module, name, chains=frozenset({()})):
        """Takes in what `module.name` (or, if it's a module, the attributes in `chains`) needs."""
        key = (module.name, name, frozenset(chains))
        if key in self.seen:
            return True
        self.seen.add(key)
        self.add_module(module)
        statements = module.by_name.get(name)
        if not statements:
            return self._need_star(module, name, chains)
        for statement in statements:
            if statement.is_import:
                self._need_import(module, statement, name, chains)
            else:
                self._keep(module, statement)
        return True

    def _keep(self, module, statement):
        kept = self.kept.setdefault(module.name, set())
        if statement in kept:
            return
        kept.add(statement)
        inner = {}
        for node in ast.walk(statement.node):
            if isinstance(node, ast.ImportFrom) and node is not statement.node:
                self._inner_import(module, node, inner)
        for name in sorted(statement.uses - set(inner)):
            self.need(module, name, frozenset(statement.chains.get(name, {()})))

    def _inner_import(self, module, node, inner):
        """An import inside a function, or in a `try` or `if`: a name that isn't there may be caught."""
        source = module.absolute(node)
        for alias in node.names:
            inner[alias.asname or alias.name] = True
        if not self.package.owns(source):
            return
        found = self.package.module(source)
        if found is None:
            return
        self.add_module(found)
        for alias in node.names:
            if alias.name == "*":
                raise SliceError("imports everything inside a block")
            self.need(found, alias.name)

    def _need_import(self, module, statement, name, chains):
        self.imports.setdefault(module.name, {}).setdefault(statement, set()).add(name)
        node = statement.node
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.split(".")[0]
                if bound != name:
                    continue
                if not self.package.owns(alias.name):
                    _standard_only(alias.name)
                    continue
                target = self.package.module(alias.name if alias.asname else bound)
                self._need_attributes(target, chains, alias.name)
            return
        source = module.absolute(node)
        if source == "__future__":
            return
        if not self.package.owns(source):
            _standard_only(source)
            return
        original = next(a.name for a in node.names if (a.asname or a.name) == name)
        found = self.package.module(source)
        if found is None:
            raise SliceError(f"its module {source} isn't Python")
        self._need_exported(found, original, chains)

    def _need_exported(self, module, name, chains):
        if module.by_name.get(name) and self.need(module, name, chains):
            return
        submodule = self.package.module(f"{module.name}.{name}")
        if submodule is not None:
            self.add_module(module)
            self._need_attributes(submodule, chains, submodule.name)
        elif not self.need(module, name, chains):
            raise SliceError(f"{name} isn't in {module.name}")

    def _need_attributes(self, module, chains, shown):
        if module is None:
            raise SliceError(f"its module {shown} isn't Python")
        self.add_module(module)
        for chain in sorted(chains):
            if not chain:
                raise SliceError(f"uses the module {shown} as a value")
            if chain[0].startswith("__"):
                raise SliceError(f"asks {shown} for {chain[0]}")
            self._need_exported(module, chain[0], frozenset({chain[1:]}))

    def _need_star(self, module, name, chains):
        return (self._find_star(module, name, chains) or hasattr(builtins, name)
                or name in ("__name__", "__file__", "__doc__"))

    def _find_star(self, module, name, chains):
        """Takes the name in by a `from … import *`, if one of the module's brings it."""
        for statement in module.statements:
            node = statement.node
            if not isinstance(node, ast.ImportFrom) or node.names[0].name != "*":
                continue
            source = module.absolute(node)
            if self.package.owns(source):
                found = self.package.module(source)
                if found is None or name.startswith("_"):
                    continue
                if found.by_name.get(name):
                    self.need(found, name, chains)
                elif not self._find_star(found, name, chains):
                    continue
            elif hasattr(builtins, name) or not standard_module_has(source, name):
                continue
            self.add_module(module)
            self.imports.setdefault(module.name, {}).setdefault(statement, set()).add(name)
            return True
        return False

    def files(self):
        """Text by path, for every module that must be there."""
        result = {}
        for name in sorted(self.modules):
            module = self.package.module(name)
            if module is None:
                if not self.package.has(name):
                    result[name.replace(".", "/") + "/__init__.py"] = ""
                continue
            result[module.path] = self.render(module)
        return result

    def render(self, module):
        kept = self.kept.get(module.name, set())
        imports = self.imports.get(module.name, {})
        parts, previous = [], None
        for statement in module.statements:
            if statement in kept:
                text = _shortened(statement)
            elif statement in imports:
                text = _import_text(statement.node, imports[statement])
            elif module.lazy_annotations and _is_lazy_annotations(statement.node) and kept:
                text = "from __future__ import annotations"
            else:
                continue
            if previous is not None:
                parts.append("\n" * _blank_lines(previous, statement))
            parts.append(text + "\n")
            previous = statement
        return "".join(parts)


def _standard_only(name):
    top = name.split(".")[0]
    if top not in sys.stdlib_module_names:
        raise SliceError(f"needs the package {top}")


def _is_lazy_annotations(node):
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _blank_lines(previous, statement):
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    if isinstance(previous.node, definitions) or isinstance(statement.node, definitions):
        return 2
    if previous.is_import and statement.is_import:
        return 0
    return 0 if statement.first == previous.last + 1 else 1


def _import_text(node, names):
    if isinstance(node, ast.Import):
        wanted = [a for a in node.names if (a.asname or a.name.split(".")[0]) in names]
        return "\n".join(f"import {_alias(a)}" for a in wanted)
    source = "." * node.level + (node.module or "")
    if node.names[0].name == "*":
        listed = sorted(names)
    else:
        listed = [_alias(a) for a in node.names if (a.asname or a.name) in names]
    line = f"from {source} import {', '.join(listed)}"
    if len(line) <= 88:
        return line
    return f"from {source} import (\n" + "".join(f"    {n},\n" for n in listed) + ")"


def _alias(alias):
    return alias.name + (f" as {alias.asname}" if alias.asname else "")


SECTION = re.compile(
    r"^\s*(>>>|\.\. |:\w+|@\w+|(args|arguments|parameters|params|returns?|raises|yields?|examples?|"
    r"notes?|see also|usage|warnings?|warns|references|doctest|doctests|source|input|output|todo)\s*"
    r"(:|$)|[-=~*]{3,}\s*$)", re.I)
DOC_LINES = 4


def _shortened(statement):
    """The statement's text with each docstring cut to its first paragraph: what the examples show
    is what the tests check, and a small model reads the rest in vain."""
    lines = statement.module.lines
    replaced = {}
    for node in ast.walk(statement.node):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        first = node.body[0]
        if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)):
            continue
        if lines[first.lineno - 1][: first.col_offset].strip():
            continue
        if lines[first.end_lineno - 1].encode()[first.end_col_offset :].strip():
            continue
        raw = "\n".join(lines[first.lineno - 1 : first.end_lineno]).strip()
        short = _first_paragraph(raw, " " * first.col_offset)
        if short is None and len(node.body) == 1:
            continue
        replaced[first.lineno] = (first.end_lineno, short)
    result, number = [], statement.first
    while number <= statement.last:
        if number in replaced:
            number, short = replaced[number]
            if short is not None:
                result.append(short)
            elif number < statement.last and not lines[number].strip():
                number += 1  # the blank line after a docstring that is gone
        else:
            result.append(lines[number - 1].rstrip())
        number += 1
    return "\n".join(result)


def _first_paragraph(raw, indent):
    match = re.fullmatch(r"([rRuU]?)(\"\"\"|'''|\"|')(.*)\2", raw, re.S)
    if match is None:
        return indent + raw
    prefix, quotes, body = match.groups()
    kept = []
    for line in body.strip("\n").split("\n"):
        if (not line.strip() and kept) or SECTION.match(line):
            break
        if line.strip():
            kept.append(line.strip())
    kept = kept[:DOC_LINES]
    while kept and kept[-1].endswith("::"):
        kept[-1] = kept[-1][:-1]
        break
    if not kept:
        return None
    text = ("\n" + indent).join(kept)
    if text.endswith(("\\", quotes[0])):
        text += " "
    return f"{indent}{prefix}{quotes}{text}{quotes}"
