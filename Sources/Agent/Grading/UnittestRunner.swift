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

    import hashlib, hmac, json, os, sys, traceback, unittest
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
        status = 1
        emit("begin", python=sys.version.split()[0])
        try:
            program = unittest.main(
                module=None, argv=arguments, testRunner=Runner(emit, altered), exit=False)
            ran, status = program.result.testsRun, 0 if program.result.wasSuccessful() else 1
            what = altered()
            if what:
                emit("tampered", id="", detail=what)
            emit("end", ran=ran)
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
