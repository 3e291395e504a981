"""Runs tests over a few modules in a forked process, so that nothing of them lasts or gets out.

The parent never runs a line of the package. The child has a time limit, little memory, may not write files,
and prints to nowhere; what it starts is ended with it.
"""

import ctypes
import importlib.abc
import importlib.util
import json
import os
import resource
import select
import signal
import sys
import time
import unittest

MEMORY = 768 << 20
REPORT_LIMIT = 1 << 20
WALL_SECONDS = 10.0


class Outcome:
    """How a trial ended: `tests` maps names to passed, failed, error or skipped, `seen` maps failing tests
    to what they saw; `problem` is set if not every test came to an end."""

    def __init__(self):
        self.tests, self.seen, self.problem = {}, {}, None
        self.seconds = 0.0


class Files(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports from memory: code by module name, with path and whether it is a package."""

    def __init__(self, modules):
        self.modules = modules

    def find_spec(self, name, path=None, target=None):
        if name not in self.modules:
            return None
        _, origin, is_package = self.modules[name]
        spec = importlib.util.spec_from_loader(name, self, origin=origin, is_package=is_package)
        spec.has_location = True
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(self.modules[module.__name__][0], module.__dict__)


def modules_of(files):
    """Compiled modules by name for source text by path; SyntaxError if one isn't Python."""
    result = {}
    for path, text in files.items():
        name = path[: -len(".py")].replace("/", ".")
        is_package = name.endswith(".__init__")
        name = name.removesuffix(".__init__")
        result[name] = (compile(text, f"/workspace/{path}", "exec"), f"/workspace/{path}", is_package)
    return result


class Trials:
    """Runs one subject's test file again and again over changed sources."""

    def __init__(self, files, test_text, tests):
        self.modules = modules_of(files)
        self.test_code = compile(test_text, "/workspace/tests/test_subject.py", "exec")
        self.probes = {t.name: t.probe() for t in tests}
        self.order = sorted(t.name for t in tests)  # as unittest runs them

    def run(self, path=None, text=None, seconds=5.0, backwards=False):
        """One run, with the file at `path` replaced by `text`; backwards, so that tests that leave
        something for each other betray themselves. The limit is CPU time, which doesn't
        depend on what else the machine does; a process that sleeps is ended later."""
        reader, writer = os.pipe()
        start = time.monotonic()
        process = os.fork()
        if process == 0:
            try:
                os.close(reader)
                self._child(writer, path, text, seconds, backwards)
            finally:
                os._exit(0)
        os.close(writer)
        outcome = self._follow(reader, start + WALL_SECONDS)
        status, outcome.seconds = end(process)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGVTALRM, signal.SIGXCPU):
            outcome.problem = "runs too long"
        return outcome

    def _follow(self, reader, deadline):
        outcome, data, ended = Outcome(), b"", False
        while not ended:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([reader], [], [], left)[0]:
                outcome.problem = "runs too long"
                break
            piece = os.read(reader, 1 << 16)
            if not piece:
                break
            data += piece
            if len(data) > REPORT_LIMIT:
                outcome.problem = "reports too much"
                break
            ended = data.endswith(b'"end"\n')
        os.close(reader)
        for line in data.split(b"\n"):
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict) and entry.get("test") in self.probes:
                if "seen" in entry:
                    outcome.seen[entry["test"]] = str(entry["seen"])
                else:
                    outcome.tests[entry["test"]] = str(entry.get("outcome"))
            elif isinstance(entry, dict) and "load" in entry:
                outcome.problem = "can't be loaded: " + str(entry["load"])[:200]
        if outcome.problem is None and (not ended or len(outcome.tests) < len(self.order)):
            outcome.problem = "ends the process"
        return outcome

    def _child(self, writer, path, text, seconds, backwards):
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
        os.dup2(writer, 3)
        os.closerange(4, 4096)
        for kind, most in (
            (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_CPU, int(seconds) + 2),
        ):
            resource.setrlimit(kind, (most, most))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        write = os.write

        def tell(**entry):
            write(3, json.dumps(entry).encode() + b"\n")

        modules = dict(self.modules)
        scope = {"__name__": "tests.test_subject"}
        try:
            if path is not None:
                modules.update(modules_of({path: text}))
            sys.meta_path.insert(0, Files(modules))
            exec(self.test_code, scope)
        except BaseException as error:
            tell(load=describe(error))
            write(3, b'"end"\n')
            return
        case = next(v for v in scope.values() if isinstance(v, type)
                    and issubclass(v, unittest.TestCase) and v is not unittest.TestCase)
        for name in reversed(self.order) if backwards else self.order:
            result = unittest.TestResult()
            try:
                case(name).run(result)
                outcome = ("skipped" if result.skipped else "error" if result.errors
                           else "failed" if result.failures else "passed")
            except BaseException:
                outcome = "error"
            tell(test=name, outcome=outcome)
            if outcome in ("failed", "error") and len(self.probes) <= 64:
                tell(test=name, seen=self._look(scope, *self.probes[name]))
        write(3, b'"end"\n')

    def _look(self, scope, setup, expression):
        scope = dict(scope)
        try:
            exec(setup, scope)
            try:
                code = compile(expression, "test", "eval")
            except SyntaxError:
                exec(expression, scope)
                return "no exception"
            value = eval(code, scope)
            return cut(repr(value))
        except BaseException as error:
            return "raises " + describe(error)


def describe(error):
    """An exception's kind and first line; its text is the package's and may be anything."""
    try:
        lines = str(error).strip().split("\n")
    except BaseException:
        lines = [""]
    name = type(error).__name__
    return cut(f"{name}: {lines[0]}" if lines[0] else name)


def cut(text, most=300):
    text = "".join(c if c.isprintable() else "?" for c in text[: most + 1])
    return text if len(text) <= most else text[:most] + "..."


def seclude():
    """Keeps what trials start from looking into this process, and makes what they leave behind a child of
    it, so that it can be ended."""
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return
    prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: nobody opens its memory or its descriptors
    prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def end(process):
    """Ends a child and whatever it started; returns the child's status and CPU seconds."""
    result, left = (0, 0.0), process
    for _ in range(200):
        for kill in (os.killpg, os.kill):
            try:
                if left:
                    kill(left, signal.SIGKILL)
            except OSError:
                pass
        try:
            while True:
                done, status, usage = os.wait4(-1, 0 if left else os.WNOHANG)
                if done == 0:
                    break
                if done == left:
                    result, left = (status, usage.ru_utime + usage.ru_stime), 0
        except ChildProcessError:
            return result
        for child in children():
            try:
                os.kill(child, signal.SIGKILL)
            except OSError:
                pass
    return result


def children():
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            return [int(word) for word in file.read().split()]
    except (OSError, ValueError):
        return []
