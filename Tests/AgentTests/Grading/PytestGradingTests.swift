import Agent
import Foundation
import Testing

/// The fixture task with pytest for its tests.
struct PytestGradingTests {
  private func grade(
    _ source: String?, command: String = "python3 -m pytest hidden tests"
  ) async throws -> Grade {
    try await TaskFixtures.withCopy { copy in
      try TaskFixtures.edit(copy.appending(path: "task.toml")) {
        $0.replacing("python3 -m unittest discover -s hidden -t . -v", with: command)
          .replacing("hidden.test_none.NoneTests.", with: "hidden/test_none.py::NoneTests::")
          .replacing(
            "tests.test_average.AverageTests.", with: "tests/test_average.py::AverageTests::")
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
    report.tests = [
      TestResult(id: "a.py::t[x y]", outcome: .passed),
      TestResult(id: "a.py::t[x z]", outcome: .failed),
      TestResult(id: "a.py::t[x]", outcome: .passed),
    ]
    #expect(report.result(of: "a.py::t[x").outcome == .failed)
    #expect(report.result(of: "a.py::t[x]").outcome == .passed)
    #expect(report.result(of: "a.py::t").outcome == .missing)
  }
}
