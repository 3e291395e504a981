"""Lists mutations of a repository's files, for tests in any language to judge."""

import collections
import json
import os
import random
import warnings

from . import mutate, textual
from .driver import Reporter, patch
from .package import read


def propose(job, report):
    dice = random.Random(f"{job['seed']} {job['name']}")
    queues = collections.defaultdict(list)
    for path in job["files"]:
        try:
            text = read(os.path.join(job["root"], path))
            if path.endswith(".py"):
                found, sites = mutate.mutations(text, allowed=set(job["operators"]))
            else:
                found, sites = textual.mutations(text, job["language"], set(job["operators"]))
        except (OSError, SyntaxError, ValueError, RecursionError):
            report(rejected={"what": path, "reason": "can't be read or parsed"})
            continue
        for mutation in found:
            queues[path, mutation.function, mutation.operator].append((mutation, text, sites))
    # A few of each function and operator first, whatever comes later is more of the same.
    order = sorted(queues)
    dice.shuffle(order)
    for key in order:
        dice.shuffle(queues[key])
    left = job["limit"]
    while left > 0 and any(queues.values()):
        for key in order:
            if not queues[key] or left <= 0:
                continue
            left -= 1
            mutation, text, sites = queues[key].pop()
            mutated = mutation.apply(text.encode())
            report(proposal={
                "path": key[0], "function": mutation.function, "operator": mutation.operator,
                "line": mutation.line, "sites": sites, "lines": text.count("\n"), "sound": text,
                "mutated": mutated, "patch": patch(key[0], mutated, text)})
    report(end=True)


def main():
    warnings.simplefilter("ignore")
    with open("job.json", encoding="utf-8") as file:
        job = json.load(file)
    propose(job, Reporter())
