import unittest

from scheduler import next_run, upcoming


class MomentTests(unittest.TestCase):
    def test_one_second_late(self):
        self.assertEqual(next_run(start=0, every=3600, now=7201), 10800)

    def test_half_way(self):
        self.assertEqual(next_run(start=0, every=10, now=5), 10)
        self.assertEqual(next_run(start=0, every=10, now=25), 30)

    def test_never_before_now(self):
        moments = [next_run(start=3, every=7, now=now) - now for now in range(3, 40)]
        self.assertEqual([wait for wait in moments if not 0 <= wait < 7], [])

    def test_upcoming_starts_now(self):
        self.assertEqual(
            upcoming({"mail": (0, 10)}, now=21, count=2), [(30, "mail"), (40, "mail")])

    def test_one_second_early(self):
        self.assertEqual(next_run(start=0, every=3600, now=7199), 7200)

    def test_at_the_start(self):
        self.assertEqual(next_run(start=50, every=20, now=50), 50)

    def test_period_must_be_positive(self):
        with self.assertRaises(ValueError):
            next_run(start=0, every=0, now=5)
