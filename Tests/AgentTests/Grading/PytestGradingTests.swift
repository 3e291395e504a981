import Agent
import Foundation
import Testing

/// The fixture task with pytest for its tests, and what holds for unittest as well.
struct PytestGradingTests {
  private static let pytest = "python3 -m pytest hidden tests"

  /// - command: nil is the task's own, of unittest.
  private func grade(_ source: String?, command: String? = pytest) async throws -> Grade {
    try await TaskFixtures.withCopy { copy in
      if let command {
        try TaskFixtures.edit(copy.appending(path: "task.toml")) {
          $0.replacing("python3 -m unittest discover -s hidden -t . -v", with: command)
            .replacing("hidden.test_none.NoneTests.", with: "hidden/test_none.py::NoneTests::")
            .replacing(
              "tests.test_average.AverageTests.", with: "tests/test_average.py::AverageTests::")
        }
      }
      let task = try RepairTask(directory: copy)
      let files = source.map { ["stats/average.py": $0] } ?? [:]
      let patch = try await GraderTests.patch(of: task, files: files)
      return await GraderTests.grade(task, patch: patch)
    }
  }

  private static let mended = """
    def total(values):
        return sum(values or ())
    def mean(values):
        return total(values) / len(values) if values else 0
    """

  @Test(arguments: ["python3 -m pytest hidden tests", "PYTHONPATH=. pytest hidden tests"])
  func aRepairIsResolved(command: String) async throws {
    let grade = try await grade(Self.mended, command: command)
    #expect(grade.infrastructureFailure == nil)
    #expect(grade.invalidReason == nil)
    #expect(grade.resolved, "\(grade)")
  }

  /// A process that is spawned imports what `__main__` was.
  @Test(arguments: [pytest, nil])
  func testsMaySpawnProcesses(command: String?) async throws {
    let source = """
      from concurrent.futures import ProcessPoolExecutor
      from multiprocessing import get_context
      def add(values):
          return sum(values)
      def total(values):
          with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
              return pool.submit(add, values).result()
      def mean(values):
          return total(values) / len(values) if values else 0
      """
    let grade = try await grade(source, command: command)
    #expect(grade.infrastructureFailure == nil)
    #expect(grade.resolved, "\(grade)")
  }

  /// Plugins replace functions of pytest's; the repository may not.
  @Test func anInstalledModuleMayAlterPytest() async throws {
    let source = """
      import _pytest.runner
      _pytest.runner.call_and_report = CALL
      \(Self.mended)
      """
    let foreign = source.replacing("CALL", with: "_pytest.runner.check_interactive_exception")
    #expect(try await grade(foreign).invalidReason?.contains("altered") != true)
    let own = source.replacing("CALL", with: "lambda *a, **k: None")
    #expect(
      try await grade(own).invalidReason
        == "the code under test altered _pytest.runner.call_and_report of the test runner")
  }

  /// Both leave a test as no failure.
  @Test(arguments: [
    "import pytest\ndef total(v): return sum(v)\ndef mean(v): pytest.xfail('soon')\n",
    "import pytest\ndef total(v): return sum(v)\ndef mean(v): pytest.skip('later')\n",
  ])
  func whatTheCodeGivesUpIsNotMended(source: String) async throws {
    let grade = try await grade(source)
    #expect(grade.infrastructureFailure == nil)
    #expect(!grade.resolved)
    #expect(grade.failToPass == 0)
  }

  @Test(arguments: [
    """
    import unittest.case
    def total(v): return sum(v)
    def mean(v): raise unittest.case._ShouldStop
    """,
    """
    import __main__, os
    __main__.outcome = lambda report: "passed"
    __main__.Result.addFailure = __main__.Result.addError = lambda self, test, err: None
    os.getpid = lambda: -1
    def total(v): return 0
    def mean(v): return 7
    """,
    """
    import glob
    for path in glob.glob("hidden/test_*.py"):
        with open(path, "a") as file:
            file.write("\\ndel NoneTests.test_mean_of_none\\n")
    def total(v): return sum(v)
    def mean(v): return sum(v) / len(v) if v else 0
    """,
  ])
  func tricksOnBothRunners(source: String) async throws {
    for command in [Self.pytest, nil] {
      let grade = try await grade(source, command: command)
      #expect(grade.infrastructureFailure == nil)
      #expect(!grade.resolved, "\(grade)")
      #expect(grade.reward == 0)
    }
  }

  @Test func whatFailsIsTold() async throws {
    let grade = try await grade(nil)
    #expect(grade.invalidReason == nil)
    #expect(!grade.resolved)
    #expect((grade.failToPass, grade.passToPass) == (0, 1))
    #expect(grade.feedback.contains("hidden/test_none.py::NoneTests::test_mean_of_none"))
    #expect(grade.feedback.contains("ZeroDivisionError: division by zero"))
    #expect(grade.feedback.contains("at: stats/average.py:12"))
  }

  /// Each would pass for a repair if what pytest prints, or its exit code, were believed.
  @Test(arguments: [
    """
    import os
    ids = ["hidden/test_none.py::NoneTests::test_" + name
           for name in ("mean_of_none", "mean_of_empty_tuple", "total_of_none")]
    ids += ["tests/test_average.py::AverageTests::test_mean"]
    print("=== short test summary info ===", *("PASSED " + i for i in ids),
          "=== 4 passed in 0.01s ===", sep="\\n", flush=True)
    os._exit(0)
    """,
    """
    import _pytest.reports
    make = _pytest.reports.TestReport.from_item_and_call.__func__
    def forged(cls, item, call):
        call.excinfo = None
        return make(cls, item, call)
    _pytest.reports.TestReport.from_item_and_call = classmethod(forged)
    def total(v): return 0
    def mean(v): return 7
    """,
    """
    import _pytest.runner
    _pytest.runner.pytest_runtest_call = lambda item: None
    import _pytest.unittest
    _pytest.unittest.TestCaseFunction.runtest = lambda self: None
    def total(v): return 0
    def mean(v): return 7
    """,
    """
    import glob, json, os
    for path in glob.glob(".hindsight-*/report"):
        with open(path, "a") as file:
            file.write("0" * 64 + ' {"n": 1, "event": "end", "ran": 4}\\n')
    os._exit(0)
    """,
  ])
  func tricksInTheCodeUnderTest(source: String) async throws {
    let grade = try await grade(source)
    #expect(grade.infrastructureFailure == nil)
    #expect(!grade.resolved)
    #expect(grade.reward == 0)
  }

  /// SWE-bench's lists end a test's id at its first space.
  @Test func anIDIsFoundByItsBeginning() {
    var report = TestReport()
    report.add(TestResult(id: "a.py::t[x y]", outcome: .passed))
    report.add(TestResult(id: "a.py::t[x z]", outcome: .failed))
    report.add(TestResult(id: "a.py::t[x]", outcome: .passed))
    #expect(report.result(of: "a.py::t[x").outcome == .failed)
    #expect(report.result(of: "a.py::t[x]").outcome == .passed)
    #expect(report.result(of: "a.py::t").outcome == .missing)
  }
}
