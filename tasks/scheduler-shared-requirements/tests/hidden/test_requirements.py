import unittest

from scheduler import Job, Runner


def job(name, **options):
    return Job(name, lambda: name, **options)


class RequirementTests(unittest.TestCase):
    def test_other_job_is_unchanged(self):
        first, second = job("first"), job("second")
        first.require("second")
        self.assertEqual((first.after, second.after), (["second"], []))

    def test_job_made_later_starts_empty(self):
        job("early").require("something")
        self.assertEqual(list(job("late").after), [])

    def test_list_of_the_caller_is_unchanged(self):
        common = ["setup"]
        one, two = job("one", after=common), job("two", after=common)
        one.require("two")
        self.assertEqual((common, two.after), (["setup"], ["setup"]))

    def test_chain(self):
        runner = Runner()
        wash, dry, iron = (runner.add(job(name)) for name in ["wash", "dry", "iron"])
        iron.require("dry")
        dry.require("wash")
        self.assertEqual(list(runner.run()), ["wash", "dry", "iron"])

    def test_requiring_twice_counts_once(self):
        one = job("one", after=["two"])
        one.require("two")
        self.assertEqual(one.after, ["two"])

    def test_job_cannot_wait_for_itself(self):
        with self.assertRaises(ValueError):
            job("one", after=["two"]).require("one")

    def test_jobs_waiting_for_each_other(self):
        runner = Runner()
        runner.add(job("one", after=["two"]))
        runner.add(job("two", after=["one"]))
        with self.assertRaises(ValueError):
            runner.run()
