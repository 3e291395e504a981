import Agent
import Foundation
import Testing

struct TaskValidatorTests {
  private func problems(of task: RepairTask, runs: Int = 2) async throws -> [String] {
    let validator = TaskValidator(sandbox: await GraderTests.sandbox(), runs: runs)
    let validation = try await validator.validate(task)
    #expect(validation.infrastructureFailure == nil)
    return validation.problems
  }

  private func problems(
    of id: String = "mean-of-none", runs: Int = 1, after change: (URL) throws -> Void
  ) async throws -> [String] {
    try await TaskFixtures.withCopy(of: id) { copy in
      try change(copy)
      return try await problems(of: try RepairTask(directory: copy), runs: runs)
    }
  }

  @Test(arguments: ["mean-of-none", "clamp-high", "greet-words"])
  func theFixturesAreValid(id: String) async throws {
    #expect(try await problems(of: try TaskFixtures.task(id)) == [])
  }

  @Test func aSolutionThatMendsNothing() async throws {
    let found = try await problems { copy in
      try TaskFixtures.edit(copy.appending(path: "solution/fix.patch")) {
        $0.replacing("return 0", with: "return 1")
      }
    }
    #expect(
      found.contains(
        "FAIL_TO_PASS test hidden.test_none.NoneTests.test_mean_of_none is failed after the solution"
      ),
      "\(found)")
  }

  @Test func aSolutionThatDoesNotApplyOrIsNotThere() async throws {
    let spoilt = try await problems { copy in
      try TaskFixtures.edit(copy.appending(path: "solution/fix.patch")) {
        $0.replacing("def mean(values)", with: "def median(values)")
      }
    }
    #expect(spoilt.count == 1 && spoilt[0].hasPrefix("the solution doesn't apply: "), "\(spoilt)")
    let none = try await problems { copy in
      try FileManager.default.removeItem(at: copy.appending(path: "solution"))
    }
    #expect(none == ["it has neither solution/fix.patch nor solution/solve.sh"])
    let failing = try await problems(of: "clamp-high") { copy in
      try Data("ls \"$(dirname \"$0\")\"; exit 3\n".utf8).write(
        to: copy.appending(path: "solution/solve.sh"))
    }
    #expect(failing == ["its solution/solve.sh ends with exit code 3: solve.sh"])
  }

  @Test func testsInTheWrongList() async throws {
    let found = try await problems { copy in
      try TaskFixtures.edit(copy.appending(path: "task.toml")) {
        $0.replacing(
          "fail_to_pass = [",
          with: "fail_to_pass = [\"hidden.test_none.NoneTests.test_total_of_none\","
        )
        .replacing("  \"hidden.test_none.NoneTests.test_total_of_none\",\n", with: "")
        .replacing("  \"hidden.test_none.NoneTests.test_mean_of_empty_tuple\",\n", with: "")
        .replacing(
          "pass_to_pass = [",
          with: "pass_to_pass = [\"hidden.test_none.NoneTests.test_mean_of_empty_tuple\",")
      }
    }
    #expect(
      found == [
        "FAIL_TO_PASS test hidden.test_none.NoneTests.test_total_of_none is passed before the solution already",
        "PASS_TO_PASS test hidden.test_none.NoneTests.test_mean_of_empty_tuple is error before the solution",
      ])
  }

  @Test func aTestThatIsNotThere() async throws {
    let found = try await problems { copy in
      try TaskFixtures.edit(copy.appending(path: "task.toml")) {
        $0.replacing("AverageTests.test_mean\"", with: "AverageTests.test_median\"")
      }
    }
    #expect(
      found == [
        "PASS_TO_PASS test tests.test_average.AverageTests.test_median is missing before the solution",
        "PASS_TO_PASS test tests.test_average.AverageTests.test_median is missing after the solution",
      ])
  }

  private static let luck =
    "\n    def test_luck(self):\n        import os\n        self.assertLess(os.urandom(1)[0], 128)\n"

  @Test func aTestThatIsNotDeterministic() async throws {
    let found = try await problems(runs: 20) { copy in
      try TaskFixtures.edit(copy.appending(path: "tests/hidden/test_none.py")) { $0 + Self.luck }
      try TaskFixtures.edit(copy.appending(path: "task.toml")) {
        $0.replacing(
          "pass_to_pass = [", with: "pass_to_pass = [\"hidden.test_none.NoneTests.test_luck\",")
      }
    }
    #expect(
      found.contains { $0.contains("differ: hidden.test_none.NoneTests.test_luck is ") }, "\(found)"
    )
  }

  /// As in grading: files of tests hold some that need a network, or luck.
  @Test func testsInNoListAreOfNoAccount() async throws {
    let found = try await problems(runs: 5) { copy in
      try TaskFixtures.edit(copy.appending(path: "tests/hidden/test_none.py")) {
        $0 + Self.luck + "\n    def test_network(self):\n        self.fail()\n"
      }
    }
    #expect(found == [])
  }

  @Test func aSolutionThatTouchesProtectedPaths() async throws {
    let found = try await problems { copy in
      try TaskFixtures.edit(copy.appending(path: "task.toml")) {
        $0.replacing("protected = [\"tests/**\"]", with: "protected = [\"stats/*.py\"]")
      }
    }
    #expect(found.first == "the solution touches protected paths: stats/average.py", "\(found)")
  }

  @Test func anInstructionThatGivesTheSolutionAway() async throws {
    let found = try await problems { copy in
      try Data("Write `if not values:` and `return 0`.\n".utf8)
        .write(to: copy.appending(path: "instruction.md"))
    }
    #expect(found == ["the instruction contains the solution's text"])
    // An issue that proposes its mend is as the set has it.
    let imported = try await problems { copy in
      try Data("Write `if not values:` and `return 0`.\n".utf8)
        .write(to: copy.appending(path: "instruction.md"))
      try TaskFixtures.edit(copy.appending(path: "task.toml")) {
        $0.replacing("\"hand\"", with: "\"hindsight tasks import swebench\"")
      }
    }
    #expect(imported == [])
  }
}
