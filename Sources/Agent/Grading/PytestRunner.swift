/// What stands in for `pytest …`, after ``ReportChannel/source``.
///
/// It prints what pytest prints. Node ids are told as pytest's summary has them: from where it was called. Each phase
/// of a test that says something is told by itself; the worst counts.
enum PytestRunner {
  static let source = #"""
    def outcome(report):
        """None for what tells nothing by itself: a set-up or an end that went well, a try before another."""
        if report.failed:
            return "failed" if report.when == "call" else "error"
        if report.skipped:
            # By its mark: a call of pytest.xfail() could be the code's own.
            marks = {"xfail", "__unittest_expecting_failure__"} & set(getattr(report, "keywords", ()))
            return "expected-failure" if marks and hasattr(report, "wasxfail") else "skipped"
        if report.passed and report.when == "call":
            return "unexpected-success" if hasattr(report, "wasxfail") else "passed"
        return None


    def detail(report):
        """What pytest prints of a failure: the traceback, and what the test has printed."""
        if not report.failed:
            return ""
        sections = [" ".join(("-" * 29, title, "-" * 29)) + "\n" + text
                    for title, text in report.sections]
        return cut("\n".join([report.longreprtext, *sections]))


    class Reporter:
        def __init__(self, emit, check):
            self._emit, self._check = emit, check

        def pytest_configure(self, config):
            name = getattr(config, "cwd_relative_nodeid", str)
            self._id = lambda nodeid: clean(name(nodeid))

        def pytest_runtest_logstart(self, nodeid, location):
            self._emit("start", id=self._id(nodeid))

        def pytest_runtest_logreport(self, report):
            found = outcome(report)
            if found:
                self._emit("test", id=self._id(report.nodeid), outcome=found, detail=detail(report))

        def pytest_runtest_logfinish(self, nodeid, location):
            self._check(self._id(nodeid))

        def pytest_collectreport(self, report):
            if report.failed:
                self._emit("test", id=self._id(report.nodeid), outcome="error",
                           detail=detail(report))


    def main():
        emit = open_channel(sys.argv[1])
        way, arguments = sys.argv[2], sys.argv[3:]
        extra = python_path()
        # Of this program; what is the repository's comes when all is imported that is needed.
        sys.path[:1] = [path for path in extra if not is_own(path)]
        import pytest, _pytest.python, _pytest.reports, _pytest.runner, _pytest.unittest

        sys.path[:0] = [ROOT] * (way == "module") + [path for path in extra if is_own(path)]
        check = watch(
            emit,
            [_pytest.reports.TestReport, _pytest.runner.CallInfo, _pytest.python.Function,
             _pytest.unittest.TestCaseFunction, unittest.case.TestCase],
            [(_pytest.runner, ["runtestprotocol", "call_and_report", "pytest_runtest_makereport",
                               "pytest_runtest_call", "pytest_runtest_protocol"])])
        reporter = Reporter(emit, check)
        sys.argv[:] = [stand_in("pytest.__main__"), *arguments]

        def run():
            status = int(pytest.main(arguments, plugins=[reporter]))
            check()
            emit("end")
            return status

        report_on(run, emit)


    main()
    """#
}
