import unittest

from scheduler import next_run, upcoming


class PeriodicTests(unittest.TestCase):
    def test_before_the_start(self):
        self.assertEqual(next_run(start=100, every=60, now=40), 100)

    def test_exactly_on_time(self):
        self.assertEqual(next_run(start=100, every=60, now=220), 220)

    def test_between_two_runs(self):
        self.assertEqual(next_run(start=100, every=60, now=150), 160)
        self.assertEqual(next_run(start=100, every=60, now=110), 160)

    def test_upcoming(self):
        timetable = {"backup": (0, 50), "mail": (10, 20)}
        self.assertEqual(
            upcoming(timetable, now=50, count=3),
            [(50, "backup"), (50, "mail"), (70, "mail")])
