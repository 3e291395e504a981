import unittest

from scheduler import Job, Runner


def job(name, **options):
    return Job(name, lambda: name.upper(), **options)


class RunnerTests(unittest.TestCase):
    def test_results(self):
        runner = Runner()
        runner.add(job("a"))
        runner.add(job("b", after=["a"]))
        self.assertEqual(runner.run(), {"a": "A", "b": "B"})

    def test_urgent_job_first(self):
        runner = Runner()
        runner.add(job("slow", priority=5))
        runner.add(job("fast", priority=1))
        self.assertEqual(list(runner.run()), ["fast", "slow"])

    def test_required_job_comes_before(self):
        runner = Runner()
        runner.add(job("eat")).require("cook")
        runner.add(job("cook"))
        self.assertEqual(list(runner.run()), ["cook", "eat"])

    def test_unknown_job(self):
        runner = Runner()
        runner.add(job("a", after=["b"]))
        with self.assertRaises(ValueError):
            runner.run()
