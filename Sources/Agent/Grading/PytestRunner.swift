/// What stands in for `pytest …`, after ``ReportChannel/source``.
///
/// It prints what pytest prints. Node ids are told as pytest's summary has them: from where it was called.
enum PytestRunner {
  static let source = #"""
    import pytest
    import _pytest.python, _pytest.reports, _pytest.runner, _pytest.unittest, unittest

    WATCHED = [_pytest.reports.TestReport, _pytest.runner.CallInfo, _pytest.python.Function,
               _pytest.unittest.TestCaseFunction, unittest.case.TestCase]
    FUNCTIONS = [(_pytest.runner, name) for name in (
        "runtestprotocol", "call_and_report", "pytest_runtest_makereport", "pytest_runtest_call",
        "pytest_runtest_protocol")]
    ORDER = ["passed", "expected-failure", "skipped", "unexpected-success", "failed", "error"]


    def outcome(report):
        """None for what tells nothing by itself: a set-up or an end that went well."""
        expected = hasattr(report, "wasxfail")
        if report.failed:
            return "failed" if report.when == "call" else "error"
        if report.skipped:
            return "expected-failure" if expected else "skipped"
        if report.when == "call":
            return "unexpected-success" if expected else "passed"
        return None


    class Reporter:
        def __init__(self, emit):
            self._emit, self._worst, self.ran = emit, {}, 0
            self._altered = watch(WATCHED)
            self._functions = [(m, name, getattr(m, name)) for m, name in FUNCTIONS if hasattr(m, name)]

        def check(self, id=""):
            what = self._altered()
            for module, name, function in self._functions:
                if getattr(module, name, None) is not function:
                    what = what or name
            if what:
                self._emit("tampered", id=id, detail=what)

        def pytest_configure(self, config):
            self._name = getattr(config, "cwd_relative_nodeid", str)

        def pytest_runtest_logstart(self, nodeid, location):
            self._emit("start", id=self._name(nodeid))

        def pytest_runtest_logreport(self, report):
            found = outcome(report)
            if found is None:
                return
            old = self._worst.get(report.nodeid)
            text = cut(report.longreprtext) if report.failed else ""
            if old is None or ORDER.index(found) > ORDER.index(old[0]):
                self._worst[report.nodeid] = (found, text)

        def pytest_runtest_logfinish(self, nodeid, location):
            id = self._name(nodeid)
            self.check(id)
            found, text = self._worst.pop(nodeid, ("error", "the test ended without a result"))
            self.ran += 1
            self._emit("test", id=id, outcome=found, detail=text)

        def pytest_collectreport(self, report):
            if report.failed:
                self._emit("test", id=self._name(report.nodeid), outcome="error",
                           detail=cut(report.longreprtext))


    def main():
        emit = open_channel(sys.argv[1])
        way, arguments = sys.argv[2], sys.argv[3:]
        reporter = Reporter(emit)
        sys.path.pop(0)  # of this program
        sys.path[:0] = ([ROOT] if way == "module" else []) + python_path()
        sys.argv[:] = ["pytest"] + arguments
        flush, leave, pid = sys.stdout.flush, os._exit, os.getpid()
        status = 1
        emit("begin", python=sys.version.split()[0])
        try:
            status = int(pytest.main(arguments, plugins=[reporter]))
            reporter.check()
            emit("end", ran=reporter.ran)
        except BaseException as error:
            text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
            emit("load-error", detail=cut(text.replace(ROOT + os.sep, "")))
        finally:
            try:
                flush()
            finally:
                leave(status if os.getpid() == pid else 0)


    main()
    """#
}
