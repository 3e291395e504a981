"""Running jobs in an order that respects what they wait for."""

from .queue import PriorityQueue


class Runner:
    def __init__(self):
        self._jobs = {}

    def add(self, job):
        if job.name in self._jobs:
            raise ValueError(f"two jobs are named {job.name!r}")
        self._jobs[job.name] = job
        return job

    def run(self):
        """Run every job once; return {name: result} in the order they ran."""
        waiting = {name: set(job.after) for name, job in self._jobs.items()}
        for name, before in waiting.items():
            for unknown in sorted(before - waiting.keys()):
                raise ValueError(f"{name!r} waits for the unknown job {unknown!r}")
        ready = PriorityQueue()
        results = {}
        self._release(waiting, ready)
        while ready:
            job = ready.pop()
            results[job.name] = job.action()
            for before in waiting.values():
                before.discard(job.name)
            self._release(waiting, ready)
        if waiting:
            raise ValueError("waiting for each other: " + ", ".join(sorted(waiting)))
        return results

    def _release(self, waiting, ready):
        """Move the jobs that wait for nothing any more to the ready queue."""
        for name in [name for name, before in waiting.items() if not before]:
            del waiting[name]
            ready.push(self._jobs[name], self._jobs[name].priority)
