"""Makes tasks from one module: finds subjects, mutates them, runs their tests, reports line by line."""

import ast
import collections
import difflib
import json
import os
import random
import sys
import warnings

from .examples import render
from .mutate import functions, mutations
from .package import Package
from .subjects import Finder
from .trial import Outcome, Trials, seclude
from .variations import ENOUGH, answered, variations

RUNS = 3
SOUND_SECONDS = 2.0
TRIALS_A_FUNCTION = 60
SAME_OPERATOR = 2


class Reporter:
    """Prints JSON lines, each at once: what is there when the process is stopped counts. A file could be
    emptied by the code that is tried; the descriptor is one that it doesn't have."""

    def __call__(self, **entry):
        data = json.dumps(entry, sort_keys=True).encode() + b"\n"
        while data:
            data = data[os.write(1, data) :]


def class_name(text):
    words = "".join(c if c.isalnum() else " " for c in text.replace("_", " ")).split()
    return "".join(w[:1].upper() + w[1:] for w in words) + "Tests"


def patch(path, before, after):
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}")
    return f"diff --git a/{path} b/{path}\n" + "".join(lines)


class Maker:
    def __init__(self, job, report):
        self.job, self.report = job, report
        self.allowed = set(job["operators"])
        self.random = None

    def run(self):
        package = Package(self.job["root"])
        finder = Finder(package, self.job["limits"])
        try:
            module = package.module(self.job["module"])
            subjects = finder.subjects(module)
        except (SyntaxError, ValueError, RecursionError) as error:
            self.report(rejected={"what": self.job["module"],
                                  "reason": f"can't be parsed: {type(error).__name__}"})
            return
        # A process that goes on after another has been stopped: that one has said all this.
        for what, reason in finder.rejected if not self.job["skip"] else ():
            self.report(rejected={"what": what, "reason": reason})
        for subject in subjects:
            if subject.id in self.job["skip"]:
                continue
            self.report(begin=subject.id)
            self.make(subject)
        self.report(end=True)

    def name_tests(self, subject):
        counts = collections.Counter()
        for test in subject.tests:
            called = [n for m, n, _ in test.needs if n in subject.names] or ["example"]
            base = subject.owner if subject.owner in called else called[0]
            counts[base] += 1
            test.name = f"test_{base.strip('_') or 'example'}_{counts[base]}"

    def make(self, subject):
        files = subject.part.files()
        path = subject.module.path
        title = subject.owner or subject.module.name.split(".")[-1]
        steady = self.steady(subject, files, title)
        if steady is not None and self.add_variations(subject, files, title):
            steady = self.steady(subject, files, title)
        if steady is None:
            return
        if len(subject.tests) < 2:
            self.leave(subject, "fewer than two tests pass on the sound code")
            return
        trials, seconds = steady
        wanted = {n for n in subject.names if n in subject.home}
        found, sites = mutations(files[path], wanted=None)
        found = [m for m in found if m.function.split(".")[0] in wanted]
        candidates = [m for m in found if m.operator in self.allowed]
        kept, counts = self.choose(subject, trials, files[path], candidates, seconds)
        counts["candidates"] += len(candidates)
        self.report(counts=dict(counts), subject=subject.id)
        if not kept:
            return
        self.report(subject={
            "id": subject.id, "title": title, "module": subject.module.name, "path": path,
            "files": files, "lines": subject.lines, "nodes": sites})
        for entry in kept:
            self.report(task={"subject": subject.id, **entry})

    def add_variations(self, subject, files, title):
        """Whether there are more tests now."""
        tried = variations(subject)
        if not tried:
            return False
        own = subject.tests
        subject.tests = tried
        self.name_tests(subject)
        try:
            run = Trials(files, render(tried, class_name(title)), tried).run(seconds=SOUND_SECONDS)
        except (SyntaxError, ValueError):
            run = Outcome()
        subject.tests = own + answered(tried, run.seen, ENOUGH - len(own))
        return len(subject.tests) > len(own)

    def steady(self, subject, files, title):
        """Trials with the tests that pass every time on the sound code, or None."""
        for attempt in range(2):
            self.name_tests(subject)
            try:
                trials = Trials(files, render(subject.tests, class_name(title)), subject.tests)
            except (SyntaxError, ValueError) as error:
                return self.leave(subject, f"can't be compiled: {type(error).__name__}")
            runs = []
            for number in range(RUNS):
                runs.append(trials.run(seconds=SOUND_SECONDS, backwards=number % 2 == 1))
                if runs[-1].problem:
                    problem = ":".join(runs[-1].problem.split(":")[:2])
                    return self.leave(subject, f"the sound code {problem}")
            passing = [t for t in subject.tests if all(r.tests[t.name] == "passed" for r in runs)]
            if not passing:
                return self.leave(subject, "no test passes on the sound code")
            if len(passing) == len(subject.tests):
                return trials, max(r.seconds for r in runs)
            self.report(counts={"tests that fail on the sound code":
                                len(subject.tests) - len(passing)}, subject=subject.id)
            subject.tests = passing
        return self.leave(subject, "its tests depend on each other")

    def leave(self, subject, reason):
        self.report(rejected={"what": subject.id.replace(":", "."), "reason": reason})
        return None

    def choose(self, subject, trials, text, candidates, seconds):
        counts = collections.Counter()
        kept, behaviours = [], set()
        dice = random.Random(f"{self.job['seed']} {subject.id}")
        queues = collections.defaultdict(list)
        for mutation in candidates:
            queues[mutation.function, mutation.operator].append(mutation)
        order = sorted(queues)
        dice.shuffle(order)
        for key in order:
            dice.shuffle(queues[key])
        per_function = collections.Counter()
        per_operator = collections.Counter()
        tried = collections.Counter()
        data = text.encode()
        limit = max(0.5, 10 * seconds)
        while any(queues.values()):
            for key in order:
                function, name = key
                if not queues[key]:
                    continue
                full = (per_function[function] >= self.job["per_function"]
                        or tried[function] >= TRIALS_A_FUNCTION or per_operator[key] >= SAME_OPERATOR)
                if full:
                    counts["not needed: enough of this function or operator"] += len(queues[key])
                    queues[key].clear()
                    continue
                mutation = queues[key].pop()
                tried[function] += 1
                entry, reason = self.attempt(subject, trials, mutation, data, limit, behaviours)
                if entry is None:
                    counts[reason] += 1
                    continue
                counts["kept"] += 1
                per_function[function] += 1
                per_operator[key] += 1
                kept.append(entry)
        return kept, counts

    def attempt(self, subject, trials, mutation, data, limit, behaviours):
        """A task's description, or why there is none."""
        path, mutated = subject.module.path, mutation.apply(data)
        first = trials.run(path, mutated, limit)
        if first.problem:
            return None, first.problem.split(":")[0]
        failing = [t for t in subject.tests if first.tests[t.name] != "passed"]
        passing = [t for t in subject.tests if first.tests[t.name] == "passed"]
        if not failing:
            return None, "no test fails"
        if not passing:
            return None, "every test fails"
        behaviour = (mutation.function,) + tuple((t.name, first.seen.get(t.name)) for t in failing)
        if behaviour in behaviours:
            return None, "behaves like another"
        for number in range(1, RUNS):
            again = trials.run(path, mutated, limit, backwards=number % 2 == 1)
            if again.problem or again.tests != first.tests:
                return None, "two runs differ"
        behaviours.add(behaviour)
        return self.entry(subject, mutation, data, failing, passing, first.seen), None

    def entry(self, subject, mutation, data, failing, passing, seen):
        """All that a task's folder is written from."""
        original, mutated = data.decode(), mutation.apply(data)
        title = class_name(subject.owner or subject.module.name.split(".")[-1])
        shown = failing[: (len(failing) + 1) // 2] + passing[: (len(passing) + 1) // 2]
        shown = [t for t in subject.tests if t in shown]
        path = subject.module.path
        return {
            "operator": mutation.operator, "function": mutation.function, "line": mutation.line,
            "mutated": mutated, "patch": patch(path, mutated, original),
            "edit": [data[mutation.start : mutation.end].decode(errors="replace"),
                     mutation.replacement],
            "function_text": self.function_text(original, mutation.function),
            "class": title, "visible_tests": render(shown, title),
            "hidden_tests": render(subject.tests, title),
            "failing": [
                {"test": t.name, "seen": seen.get(t.name, ""), "call": t.call, "kind": t.kind,
                 "expected": t.expected, "setup": t.setup, "visible": t in shown}
                for t in failing],
            "passing": [t.name for t in passing],
            "distance": subject.distance(failing, mutation.function),
        }

    def function_text(self, text, name):
        tree = ast.parse(text)
        node = next(node for found, node in functions(tree) if found == name)
        return "\n".join(text.split("\n")[node.lineno - 1 : node.end_lineno])


def main():
    warnings.simplefilter("ignore")  # about the package's code, as it is parsed
    with open("job.json", encoding="utf-8") as file:
        job = json.load(file)
    seclude()
    sys.setrecursionlimit(3000)
    Maker(job, Reporter()).run()
