from .job import Job
from .periodic import next_run, upcoming
from .queue import PriorityQueue
from .runner import Runner

__all__ = ["Job", "PriorityQueue", "Runner", "next_run", "upcoming"]
