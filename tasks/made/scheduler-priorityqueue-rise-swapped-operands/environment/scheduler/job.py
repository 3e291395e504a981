"""Something to be done once."""


class Job:
    """`after` lists the names of the jobs that must be finished before."""

    def __init__(self, name, action, priority=0, after=()):
        self.name = name
        self.action = action
        self.priority = priority
        self.after = list(after)

    def require(self, name):
        """Make this job wait for one more."""
        if name == self.name:
            raise ValueError(f"job {name!r} cannot wait for itself")
        if name not in self.after:
            self.after.append(name)

    def __repr__(self):
        return f"Job({self.name!r})"
