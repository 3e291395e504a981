"""Things that happen at start, start + every, start + 2 * every, ..."""

import math

from .queue import PriorityQueue


def next_run(start, every, now):
    """The first moment of the series that is not before `now`."""
    if every <= 0:
        raise ValueError("`every` must be positive")
    if now <= start:
        return start
    periods = math.ceil((now - start) / every)
    return start + periods * every


def upcoming(timetable, now, count):
    """The next `count` (moment, name) pairs of {name: (start, every)}."""
    queue = PriorityQueue()
    for name, (start, every) in timetable.items():
        moment = next_run(start, every, now)
        queue.push((moment, name), moment)
    result = []
    while queue and len(result) < count:
        moment, name = queue.pop()
        result.append((moment, name))
        following = moment + timetable[name][1]
        queue.push((following, name), following)
    return result
