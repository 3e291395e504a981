"""Timing and memory of a process that measures one thing."""

import json
import os
import random
import statistics
import time

THREADS = int(os.environ.get("THREADS") or len(os.sched_getaffinity(0)))


def tokens(count, vocabulary, seed):
    """Ids of ordinary tokens: the first ones are special, and no model sees only those."""
    source = random.Random(seed)
    return [source.randrange(1000, vocabulary - 1000) for _ in range(count)]


def peak_bytes():
    """The process's largest resident size so far."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


class Times:
    """Seconds of each repetition, and the processors that the process had meanwhile."""

    def __init__(self):
        self.wall = []
        self.processors = []

    def add(self, body, argument):
        used, start = time.process_time(), time.perf_counter()
        body(argument)
        self.wall.append(time.perf_counter() - start)
        self.processors.append((time.process_time() - used) / self.wall[-1])


def measure(body, repetitions, prepare=lambda: None):
    """Times `body` so many times after one to warm up; `prepare` runs before each, untimed."""
    body(prepare())
    times = Times()
    for _ in range(repetitions):
        times.add(body, prepare())
    return times


def report(work, variant, count, times):
    """Prints the one line that compare.py reads: `count` tokens in each of `times`."""
    print(json.dumps({
        "work": work, "variant": variant, "tokens": count, "seconds": times.wall,
        "tokens_per_second": count / statistics.median(times.wall),
        "processors": statistics.median(times.processors),
        "peak_bytes": peak_bytes()}), flush=True)
