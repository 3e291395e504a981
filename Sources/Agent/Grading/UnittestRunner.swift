/// What stands in for `python3 -m unittest …`, after ``ReportChannel/source``.
///
/// Where a test fails, all run once more when the report has ended, to count which lines failing and passing
/// tests reach (``ExecutedLines``): feedback only, no outcome depends on it.
enum UnittestRunner {
  static let source = #"""
    import signal, time, unittest
    import unittest.case, unittest.loader, unittest.result, unittest.suite

    WATCHED = [unittest.case.TestCase, unittest.case._Outcome, unittest.result.TestResult,
               unittest.suite.TestSuite, unittest.suite.BaseTestSuite]
    ORDER = ["passed", "expected-failure", "skipped", "unexpected-success", "failed", "error"]


    class Result(unittest.TestResult):
        def __init__(self, emit, check):
            super().__init__()
            self._emit, self._check, self._current = emit, check, None
            self._worst, self._detail = "passed", ""

        def startTest(self, test):
            super().startTest(test)
            self._current, self._worst, self._detail, self._seen = test, "passed", "", False
            self._emit("start", id=test.id())

        def _note(self, test, outcome, detail=""):
            if self._current is None:  # a class or module fixture, outside any test
                self._emit("test", id=test.id(), outcome=outcome, detail=detail)
                return
            self._seen = True
            if ORDER.index(outcome) > ORDER.index(self._worst):
                self._worst, self._detail = outcome, detail

        def _text(self, err, test):
            try:
                text = self._exc_info_to_string(err, test)
            except Exception:
                text = "".join(traceback.format_exception(*err))
            return cut(text.replace(os.path.realpath(ROOT) + os.sep, "").replace(ROOT + os.sep, ""))

        def addSuccess(self, test):
            self._note(test, "passed")

        def addSkip(self, test, reason):
            self._note(test, "skipped", cut(str(reason)))

        def addExpectedFailure(self, test, err):
            self._note(test, "expected-failure")

        def addUnexpectedSuccess(self, test):
            self._note(test, "unexpected-success", "unexpected success")

        def addFailure(self, test, err):
            super().addFailure(test, err)
            self._note(test, "failed", self._text(err, test))

        def addError(self, test, err):
            super().addError(test, err)
            self._note(test, "error", self._text(err, test))

        def addSubTest(self, test, subtest, err):
            super().addSubTest(test, subtest, err)
            if err is not None:
                failed = issubclass(err[0], test.failureException)
                text = self._text(err, test) + "in " + cut(subtest._subDescription(), 300) + "\n"
                self._note(test, "failed" if failed else "error", text)

        def stopTest(self, test):
            super().stopTest(test)
            self._check(test.id())
            if not self._seen and self._worst == "passed":
                self._worst, self._detail = "error", "the test ended without a result"
            self._current = None
            self._emit("test", id=test.id(), outcome=self._worst, detail=self._detail)


    class Runner:
        def __init__(self, emit, check):
            self._emit, self._check = emit, check

        def run(self, test):
            result = Result(self._emit, self._check)
            result.startTestRun()
            try:
                test(result)
            finally:
                result.stopTestRun()
            return result


    class Spectrum(unittest.TestResult):
        """Counts, for each of the repository's lines, the failing and passing tests that run it."""

        EVENTS = 300_000  # lines traced at most: what a loop does later reaches no new ones

        def __init__(self):
            super().__init__()
            self.totals, self.counts = [0, 0], {}
            self._own, self._root, self._left = {}, os.path.realpath(ROOT) + os.sep, self.EVENTS

        def startTest(self, test):
            super().startTest(test)
            self._lines, self._failed = set(), 0
            sys.settrace(self._enter)

        def stopTest(self, test):
            sys.settrace(None)
            super().stopTest(test)
            self.totals[self._failed] += 1
            for line in self._lines:
                self.counts.setdefault(line, [0, 0])[self._failed] += 1

        def _enter(self, frame, event, arg):
            code = frame.f_code
            if code not in self._own:
                self._own[code] = code.co_name != "<module>" and not code.co_filename.startswith("<") \
                    and os.path.realpath(code.co_filename).startswith(self._root)
            return self._line if self._own[code] else None

        def _line(self, frame, event, arg):
            if event == "line":
                self._lines.add((frame.f_code.co_filename, frame.f_lineno))
                self._left -= 1
                if self._left <= 0:
                    sys.settrace(None)
            return self._line

        def addFailure(self, test, err):
            self._failed = 1

        def addError(self, test, err):
            self._failed = 1

        def addUnexpectedSuccess(self, test):
            self._failed = 1

        def addSubTest(self, test, subtest, err):
            self._failed |= err is not None

        def reached(self, limit=2000):
            """[path, line, failing, passing] of lines that failing tests run."""
            lines = sorted(line for line, count in self.counts.items() if count[1])[:limit]
            return [[os.path.realpath(path)[len(self._root) :], number,
                     self.counts[path, number][1], self.counts[path, number][0]]
                    for path, number in lines]


    def spectrum(arguments):
        """Runs the tests again, silently, and returns their spectrum."""
        sys.stdout.flush()
        sys.stderr.flush()
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        result = Spectrum()

        class Runner:
            def run(self, test):
                test(result)
                return result

        unittest.main(module=None, argv=arguments, testRunner=Runner(), exit=False)
        return result


    def main():
        emit = open_channel(sys.argv[1])
        check = watch(emit, WATCHED)
        arguments = ["python3 -m unittest", *sys.argv[2:]]
        sys.argv[:] = arguments[:1]
        stand_in("unittest.__main__")
        sys.path[:0] = [ROOT, *python_path()]
        leave = os._exit

        def run():
            start = time.monotonic()
            program = unittest.main(
                module=None, argv=arguments, testRunner=Runner(emit, check), exit=False)
            status = 0 if program.result.wasSuccessful() else 1
            check()
            emit("end")
            if status and time.monotonic() - start < 2:
                signal.signal(signal.SIGALRM, lambda *_: leave(status))
                signal.alarm(4)
                result = spectrum(arguments)
                emit("lines", failed=result.totals[1], passed=result.totals[0],
                     lines=result.reached())
            return status

        report_on(run, emit)


    main()
    """#
}
