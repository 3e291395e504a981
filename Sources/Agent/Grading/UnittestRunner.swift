/// The program that runs Python's unittest for the grader, and how to call it.
///
/// It stands in for `python3 -m unittest …`: bound read-only into the sandbox from outside the workspace,
/// without anything of the repository on Python's path, so that no `sitecustomize.py` or `unittest.py` gets in
/// its way, it imports what it needs before the repository's root becomes importable.
/// Outcomes don't travel over standard output, where the program under test prints as well, but are appended
/// to a report file; each line is signed (HMAC-SHA-256) with a key of this run, that the runner reads from a file
/// and deletes before any code of the repository runs. So printed reports, `os._exit(0)`, exit hooks and lines
/// appended by others are no passes: ``SignedReport`` refuses a wrong signature, a gap and a missing end.
/// It also notices when unittest's own classes are altered.
///
/// Where a test fails, all run once more when the report has ended, to count which lines failing and passing
/// tests reach (``ExecutedLines``): feedback only, no outcome depends on it.
///
/// The limit of this: the tests and the code under test share one process, so code that searches the
/// interpreter's memory for the key, or an object that claims to equal everything, can still cheat.
package enum UnittestRunner {
  static let fileName = "run_unittest.py"

  /// The arguments after `-m unittest` and the variables before it, if the command is a plain call of
  /// Python's unittest: no pipes, substitutions or second commands.
  package static func plainCall(
    _ command: String
  ) -> (variables: [String], python: String, arguments: [String])? {
    guard var words = ShellWords.split(command) else { return nil }
    var variables: [String] = []
    while let word = words.first, ShellWords.isAssignment(word) {
      variables.append(word)
      words.removeFirst()
    }
    guard let python = words.first, isPython(python) else { return nil }
    words.removeFirst()
    while let flag = words.first, flag.hasPrefix("-"), flag != "-m" {
      guard flag.dropFirst().allSatisfy({ "bBEsIuPS".contains($0) }) else { return nil }
      words.removeFirst()
    }
    guard words.starts(with: ["-m", "unittest"]) else { return nil }
    return (variables, python, Array(words.dropFirst(2)))
  }

  private static func isPython(_ word: String) -> Bool {
    let name = word.split(separator: "/").last.map(String.init) ?? word
    guard name.hasPrefix("python") else { return false }
    return name.dropFirst(6).allSatisfy { $0.isNumber || $0 == "." }
  }

  static let source = #"""
    """Runs unittest and signs what happens; see UnittestRunner.swift."""

    import hashlib, hmac, json, os, signal, sys, time, traceback, unittest
    import unittest.case, unittest.loader, unittest.result, unittest.suite


    def cut(text, limit=6000):
        text = text.encode("utf-8", "replace").decode("utf-8")
        if len(text) <= limit:
            return text
        return text[: limit // 3] + "\n[...]\n" + text[-limit * 2 // 3 :]


    def open_channel(folder):
        """Returns a function that appends one signed event to the report."""
        path = os.path.join(folder, "key")
        with open(path, "rb") as file:
            key = file.read()
        os.unlink(path)
        report = os.open(
            os.path.join(folder, "report"),
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        base, dumps, write, getpid = hmac.new(key, b"", hashlib.sha256), json.dumps, os.write, os.getpid
        owner, count = getpid(), 0

        def emit(event, **fields):
            nonlocal count
            if getpid() != owner:  # a test forked: only the first process reports
                return
            line = dumps({"n": count, "event": event, **fields}).encode()
            count += 1
            mac = base.copy()
            mac.update(line)
            write(report, mac.hexdigest().encode() + b" " + line + b"\n")

        return emit


    WATCHED = [unittest.case.TestCase, unittest.case._Outcome, unittest.result.TestResult,
               unittest.suite.TestSuite, unittest.suite.BaseTestSuite]
    FREE = {"maxDiff", "longMessage", "_diffThreshold", "__doc__", "__abstractmethods__",
            "_abc_impl", "_classSetupFailed", "_class_cleanups"}


    def watch():
        """Returns a function that names what has been altered in unittest since now."""
        before = [(kind, dict(vars(kind))) for kind in WATCHED]
        package = unittest

        def altered():
            if sys.modules.get("unittest") is not package:
                return "unittest"
            for kind, members in before:
                now = vars(kind)
                for name in {*members, *(n for n in now if n.startswith("__"))} - FREE:
                    if now.get(name) is not members.get(name):
                        return kind.__name__ + "." + name
            return None

        return altered


    ORDER = ["passed", "expected-failure", "skipped", "unexpected-success", "failed", "error"]


    class Result(unittest.TestResult):
        def __init__(self, emit, altered):
            super().__init__()
            self._emit, self._altered, self._current = emit, altered, None
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
            outcome = "error"
            self._note(test, outcome, self._text(err, test))

        def addSubTest(self, test, subtest, err):
            super().addSubTest(test, subtest, err)
            if err is not None:
                failed = issubclass(err[0], test.failureException)
                text = self._text(err, test) + "in " + cut(subtest._subDescription(), 300) + "\n"
                self._note(test, "failed" if failed else "error", text)

        def stopTest(self, test):
            super().stopTest(test)
            what = self._altered()
            if what:
                self._emit("tampered", id=test.id(), detail=what)
            if not self._seen and self._worst == "passed":
                self._worst, self._detail = "error", "the test ended without a result"
            self._current = None
            self._emit("test", id=test.id(), outcome=self._worst, detail=self._detail)


    class Runner:
        def __init__(self, emit, altered):
            self._emit, self._altered = emit, altered

        def run(self, test):
            result = Result(self._emit, self._altered)
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
        emit, altered = open_channel(sys.argv[1]), watch()
        arguments = ["python3 -m unittest", *sys.argv[2:]]
        sys.argv[:] = arguments[:1]
        extra = os.environ.pop("HINDSIGHT_PYTHONPATH", "")
        if extra:
            os.environ["PYTHONPATH"] = extra  # for the processes that tests start
        extra = [os.path.abspath(p) for p in extra.split(os.pathsep) if p]
        sys.path[:0] = [ROOT, *extra]
        flush, leave, pid = sys.stdout.flush, os._exit, os.getpid()
        status, start = 1, time.monotonic()
        emit("begin", python=sys.version.split()[0])
        try:
            program = unittest.main(
                module=None, argv=arguments, testRunner=Runner(emit, altered), exit=False)
            ran, status = program.result.testsRun, 0 if program.result.wasSuccessful() else 1
            what = altered()
            if what:
                emit("tampered", id="", detail=what)
            emit("end", ran=ran)
            if status and time.monotonic() - start < 2:
                signal.signal(signal.SIGALRM, lambda *_: leave(status))
                signal.alarm(4)
                result = spectrum(arguments)
                emit("lines", failed=result.totals[1], passed=result.totals[0],
                     lines=result.reached())
        except BaseException as error:
            text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
            emit("load-error", detail=cut(text.replace(ROOT + os.sep, "")))
        finally:
            try:
                flush()
            finally:
                leave(status if os.getpid() == pid else 0)


    ROOT = os.getcwd()
    if __name__ == "__main__":
        main()

    """#
}
