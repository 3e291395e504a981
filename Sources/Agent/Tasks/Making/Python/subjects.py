"""Finds what in a module tasks can be made from: functions with their helpers, and their tests."""

import ast

from .examples import Unusable, module_tests
from .slicing import Slice, SliceError

MOST_TESTS = 24
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

# What makes a result depend on more than the arguments.
UNSTEADY_MODULES = {
    "random", "secrets", "uuid", "time", "socket", "subprocess", "threading", "multiprocessing",
    "asyncio", "urllib.request", "http", "tempfile", "getpass", "platform", "locale", "signal",
}
UNSTEADY_NAMES = {"now", "today", "utcnow", "urandom", "getpid", "environ", "gettempdir", "getcwd"}


class Subject:
    """A slice around one file, the tests that run on it, and the functions of the file to mutate."""

    def __init__(self, module, owner, part, tests):
        self.module, self.owner, self.part, self.tests = module, owner, part, tests
        self.text = part.render(module)
        self.lines = self.text.count("\n")
        self.names = {s.node.name for s in part.kept.get(module.name, ())
                      if isinstance(s.node, DEFINITIONS)}
        self.home = set()

    @property
    def id(self):
        return f"{self.module.name}:{self.owner}"

    def calls(self):
        """Which of the file's functions each of them mentions."""
        return {s.node.name: s.uses & self.names
                for s in self.part.kept[self.module.name] if isinstance(s.node, DEFINITIONS)}

    def distance(self, tests, function):
        """Calls from the nearest of these tests to the function; 1 if one calls it itself."""
        graph, top = self.calls(), function.split(".")[0]
        level = {n for t in tests for m, n, _ in t.needs if n in self.names}
        steps, seen = 1, set(level)
        while level and top not in level:
            level = {n for name in level for n in graph.get(name, ())} - seen
            seen |= level
            steps += 1
        return steps


class Finder:
    def __init__(self, package, limits):
        self.package, self.limits = package, limits
        self.rejected = []  # (what, reason)

    def fits(self, module, part):
        text = part.render(module)
        if text.count("\n") > self.limits["lines"] or len(text) > self.limits["bytes"]:
            return f"longer than {self.limits['lines']} lines with what it needs"
        others = sum(t.count("\n") for p, t in part.files().items() if p != module.path)
        if others > self.limits["support_lines"]:
            return f"needs more than {self.limits['support_lines']} lines of other files"
        return None

    def start(self, module, names):
        """A slice with these names, or the reason why there is none."""
        part = Slice(self.package)
        for name in names:
            part.need(module, name)
        return part, self.fits(module, part) or unsteady(part)

    def grown(self, module, part, test):
        """The slice with what a test needs too, or None."""
        bigger = part.copy()
        try:
            for source, name, found in test.needs:
                owner = self.package.module(source)
                if owner is None or not bigger.need(owner, name, found):
                    return None
        except (SliceError, SyntaxError, ValueError, RecursionError):
            return None
        if bigger.kept == part.kept and bigger.imports == part.imports:
            return bigger
        return None if self.fits(module, bigger) or unsteady(bigger) else bigger

    def subjects(self, module):
        tests, rejected = module_tests(self.package, module)
        for reason in rejected:
            self.rejected.append((module.name, reason))
        for statement in module.statements:
            node = statement.node
            if isinstance(node, DEFINITIONS) and not any(
                t.owner == node.name or (not t.owner and mentions(t, module, node.name))
                for t in tests):
                self.rejected.append((f"{module.name}.{node.name}", "has no usable example"))
        found = []
        for owner in dict.fromkeys(t.owner for t in tests if t.owner):
            found += self.subject(module, owner, [owner], tests)
        general = [t for t in tests if not t.owner]
        if general:
            found += self.from_module(module, general, tests, {s.owner for s in found})
        self.give_homes(found)
        return [s for s in found if s.home]

    def subject(self, module, owner, names, tests):
        """At most one subject: the owner's own tests first, then others that run on the slice."""
        try:
            part, reason = self.start(module, names)
        except (SliceError, SyntaxError, ValueError, RecursionError) as error:
            part, reason = None, str(error) if isinstance(error, SliceError) else "can't be parsed"
        if reason:
            self.rejected.append((f"{module.name}.{owner}", reason))
            return []
        own = [t for t in tests if t.owner == owner
               or (not t.owner and any(mentions(t, module, n) for n in names))]
        kept = []
        for test in own:
            bigger = self.grown(module, part, test)
            if bigger is not None and len(kept) < MOST_TESTS:
                part = bigger
                kept.append(test)
        have = part.names(module)
        for test in tests:
            if test in kept or len(kept) >= MOST_TESTS:
                continue
            if not any(m == module.name and n in have for m, n, _ in test.needs):
                continue
            bigger = self.grown(module, part, test)
            if bigger is not None and bigger.kept == part.kept and bigger.imports == part.imports:
                kept.append(test)
        if not kept:
            self.rejected.append((f"{module.name}.{owner}", "no test runs on what was taken out"))
            return []
        return [Subject(module, owner, part, kept)]

    def from_module(self, module, general, tests, taken):
        """The examples of the module's docstring: all its functions together if they are few enough."""
        names = list(dict.fromkeys(
            n for t in general for m, n, _ in t.needs if m == module.name
            and any(isinstance(s.node, DEFINITIONS) for s in module.by_name.get(n, ()))))
        before = len(self.rejected)
        if names:
            try:
                _, reason = self.start(module, names)
            except (SliceError, SyntaxError, ValueError, RecursionError):
                reason = "can't be taken out"
            if reason is None:
                whole = self.subject(module, "", names, tests)
                if whole:
                    return whole
        del self.rejected[before:]
        return [s for n in names if n not in taken for s in self.subject(module, n, [n], tests)]

    def give_homes(self, found):
        """Each function is mutated in one subject only: its own, else the smallest that holds it."""
        owners = {s.owner: s for s in found}
        homes = {}
        for subject in sorted(found, key=lambda s: (s.lines, s.owner)):
            for name in sorted(subject.names):
                homes.setdefault(name, owners.get(name, subject))
        for name, subject in homes.items():
            if name in subject.names:
                subject.home.add(name)


def mentions(test, module, name):
    return any(m == module.name and n == name for m, n, _ in test.needs)


def unsteady(part):
    """Why the slice's results may change from run to run, if they may."""
    trees = [s.node for kept in part.kept.values() for s in kept]
    trees += [s.node for imports in part.imports.values() for s in imports]
    for tree in trees:
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.Import):
                names = [a.name for a in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                if name in UNSTEADY_MODULES or name.split(".")[0] in UNSTEADY_MODULES:
                    return f"uses the module {name.split('.')[0]}"
            if isinstance(node, ast.Attribute) and node.attr in UNSTEADY_NAMES:
                return "depends on the clock, the machine or chance"
            if isinstance(node, ast.Name) and node.id in ("open", "input", "exec", "eval", "globals"):
                return f"uses {node.id}"
    return None


__all__ = ["Finder", "Subject", "Unusable"]
