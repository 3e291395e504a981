import Agent
import Foundation
import Testing
import Tools

struct GraderTests {
  /// Bubblewrap where it works: a machine without it still checks the rest.
  static func sandbox() async -> Sandbox {
    await Sandbox.bubblewrap.probe() == nil ? .bubblewrap : .none
  }

  static func grade(
    _ task: RepairTask, patch: [UInt8], credit: PartialCredit = .none
  ) async -> Grade {
    await Grader(sandbox: await sandbox(), partialCredit: credit).grade(task, patch: patch)
  }

  /// The patch of what `change` does to a task's repository.
  static func patch(
    of task: RepairTask, _ change: (URL) throws -> Void
  ) async throws -> [UInt8] {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let recorder = try Recorder(at: folder.appending(path: "recorder").path(percentEncoded: false))
    let root = folder.appending(path: "workspace")
    let workspace = try Workspace.materialize(
      .folder(task.environmentDirectory.path(percentEncoded: false)), recorder: recorder,
      name: "change", at: root.path(percentEncoded: false))
    try change(root)
    let changed = try workspace.commit("change")
    return try workspace.diff(from: workspace.base, to: changed)
  }

  static func patch(of task: RepairTask, files: [String: String]) async throws -> [UInt8] {
    try await patch(of: task) { root in
      for (path, contents) in files {
        let file = root.appending(path: path)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(contents.utf8).write(to: file)
      }
    }
  }

  static func solution(of task: RepairTask) async throws -> [UInt8] {
    switch task.solution {
    case .patch(let file): return Array(try Data(contentsOf: file))
    default:
      return try await patch(of: task) { root in
        try TaskFixtures.edit(root.appending(path: "clamp.c")) {
          $0.replacing("(value > high) return low", with: "(value > high) return high")
        }
      }
    }
  }

  @Test(arguments: ["mean-of-none", "clamp-high", "greet-words"])
  func theSolutionResolves(id: String) async throws {
    let task = try TaskFixtures.task(id)
    let grade = await Self.grade(task, patch: try await Self.solution(of: task))
    #expect(grade.infrastructureFailure == nil)
    #expect(grade.invalidReason == nil)
    #expect(grade.resolved)
    #expect(grade.reward == 1)
    #expect(grade.failToPass == 1)
    #expect(grade.passToPass == 1)
    #expect(grade.feedback.isEmpty)
    #expect(grade.tests.prefix(task.failToPass.count).map(\.id) == task.failToPass)
  }

  @Test(arguments: ["mean-of-none", "clamp-high", "greet-words"])
  func noChangeResolvesNothing(id: String) async throws {
    let task = try TaskFixtures.task(id)
    let grade = await Self.grade(task, patch: [])
    #expect(grade.infrastructureFailure == nil)
    #expect(grade.invalidReason == nil)
    #expect(!grade.resolved)
    #expect(grade.reward == 0)
    #expect(grade.failToPass == 0)
    #expect(grade.passToPass == 1)
    #expect(grade.feedback.hasPrefix("No file was changed.\n"))
    #expect(grade.feedback.contains(task.failToPass[0]))
  }

  @Test func feedbackNamesThePlaceInTheRepository() async throws {
    let grade = await Self.grade(try TaskFixtures.task("mean-of-none"), patch: [])
    #expect(grade.feedback.contains("error: ZeroDivisionError: division by zero"))
    #expect(
      grade.feedback.contains(
        "at: stats/average.py:12, in mean: return total(values) / len(values)"))
    let tight = try #require(grade.tightFeedback)
    #expect(tight.count <= FailureDigest.tightLimit)
    // Both failing tests reach line 12 and the one that passes doesn't; it runs three others, too.
    #expect(
      tight.hasSuffix(
        """
        error: ZeroDivisionError: division by zero
        suspect: stats/average.py:5-6, 8, 12
        12|return total(values) / len(values)
        """))
    let clamp = await Self.grade(try TaskFixtures.task("clamp-high"), patch: [])
    #expect(clamp.feedback.contains("FAIL too_high\n  expected: 4\n  got: 2"))
  }

  /// The tests' second run, which counts lines, neither shows nor changes what the first one found.
  @Test func countingLinesLeavesTheGradeAlone() async throws {
    let task = try TaskFixtures.task("mean-of-none")
    let source = """
      import sys
      calls = []
      def total(values):
          calls.append(1)
          print("call", len(calls))
          sys.settrace(None)
          if len(calls) > 3:
              while True: pass
          return sum(values)
      def mean(values):
          return total(values) / len(values)
      """
    let patch = try await GraderTests.patch(of: task, files: ["stats/average.py": source])
    let grade = await Self.grade(task, patch: patch)
    #expect(grade.infrastructureFailure == nil)
    #expect(!grade.resolved)
    #expect(grade.failToPass == 0)
    #expect(!grade.timedOut)
    #expect(grade.feedback.contains("error: ZeroDivisionError: division by zero"))
  }

  /// Rewrites of `stats/average.py`, none of which mends it.
  private static let tricks = [
    "import os\ndef total(v): return 0\ndef mean(v): os._exit(0)\n",
    "import os\nos._exit(0)\n",
    "import sys\nsys.exit(0)\n",
    """
    import os
    print("test_mean_of_none (hidden.test_none.NoneTests.test_mean_of_none) ... ok")
    print("test_mean_of_empty_tuple (hidden.test_none.NoneTests.test_mean_of_empty_tuple) ... ok")
    print("-" * 70 + "\\nRan 4 tests in 0.001s\\n\\nOK", flush=True)
    os._exit(0)
    """,
    """
    import unittest
    unittest.TestCase.assertEqual = lambda *a: None
    def total(v): return 0
    def mean(v): return 7
    """,
    """
    import unittest
    unittest.TestCase.run = lambda self, result=None: result.addSuccess(self)
    def total(v): return 0
    def mean(v): return 7
    """,
    """
    import unittest
    unittest.TestResult.addFailure = unittest.TestResult.addError = lambda *a: None
    def total(v): return 0
    def mean(v): return 7
    """,
    """
    import atexit, os
    atexit.register(os._exit, 0)
    def total(v): return 0
    def mean(v): return 7
    """,
    """
    import glob, json, os
    for n, name in enumerate(["test_mean_of_none", "test_mean_of_empty_tuple"]):
        for path in glob.glob(".hindsight-*/report"):
            with open(path, "a") as file:
                test = {"n": n + 1, "event": "test", "outcome": "passed",
                        "id": "hidden.test_none.NoneTests." + name}
                file.write("0" * 64 + " " + json.dumps(test) + "\\n")
    os._exit(0)
    """,
    """
    import glob, os
    for path in glob.glob(".hindsight-*/report"):
        os.unlink(path)
        os.mkfifo(path)
    def total(v): return 0
    def mean(v): return 0
    """,
  ]

  @Test(arguments: tricks.indices)
  func tricksInTheCodeUnderTest(index: Int) async throws {
    let task = try TaskFixtures.task("mean-of-none")
    let patch = try await Self.patch(of: task, files: ["stats/average.py": Self.tricks[index]])
    let grade = await Self.grade(task, patch: patch)
    #expect(grade.infrastructureFailure == nil)
    #expect(!grade.resolved, "\(grade)")
    #expect(grade.reward == 0)
    #expect(!grade.feedback.isEmpty)
  }

  @Test func filesThatReachIntoTheRunner() async throws {
    let task = try TaskFixtures.task("mean-of-none")
    let leave = "import os\nprint('OK')\nos._exit(0)\n"
    let paths = [
      "unittest.py", "sitecustomize.py", "usercustomize.py", "stats/conftest.py",
      "tests/test_average.py", "hidden/__init__.py", "hidden/test_none.py",
    ]
    let files = Dictionary(uniqueKeysWithValues: paths.map { ($0, leave) })
    let grade = await Self.grade(task, patch: try await Self.patch(of: task, files: files))
    #expect(grade.protectedPathsTouched == paths.sorted())
    #expect(!grade.resolved)
    // All of it is gone, so the tests ran as if nothing had been changed.
    #expect(grade.failToPass == 0)
    #expect(grade.passToPass == 1)
    #expect(grade.feedback.contains("Changes to protected files were left out: "))
  }

  @Test func modulesThatShadowTheRunnersOwn() async throws {
    let task = try TaskFixtures.task("mean-of-none")
    let leave = "import os\nos._exit(0)\n"
    let names = ["hmac.py", "json.py", "hashlib.py", "traceback.py", "argparse.py"]
    let files = Dictionary(uniqueKeysWithValues: names.map { ($0, leave) })
    let grade = await Self.grade(task, patch: try await Self.patch(of: task, files: files))
    #expect(!grade.resolved)
    #expect(grade.passToPass == 1)
  }

  @Test func aLinkInPlaceOfAFolderLeadsNothingOut() async throws {
    let task = try TaskFixtures.task("mean-of-none")
    let outside = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: outside, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: outside) }
    let patch = try await Self.patch(of: task) { root in
      try FileManager.default.removeItem(at: root.appending(path: "tests"))
      for name in ["tests", "hidden"] {
        try FileManager.default.createSymbolicLink(
          at: root.appending(path: name), withDestinationURL: outside)
      }
    }
    let grade = await Self.grade(task, patch: patch)
    #expect(grade.infrastructureFailure == nil)
    #expect(grade.passToPass == 1)
    let left = try FileManager.default.contentsOfDirectory(
      atPath: outside.path(percentEncoded: false))
    #expect(left.isEmpty)
  }

  @Test(arguments: [
    ("#include <stdlib.h>\nint clamp(int v, int l, int h) { exit(0); }\n", "not run: "),
    (
      """
      #include <stdio.h>
      #include <unistd.h>
      int clamp(int v, int l, int h) {
        printf("ok 1 - too_high\\nok 2 - between\\n1..2\\n");
        fflush(stdout);
        _exit(0);
      }
      """, "not run: too_low"
    ),
    ("int clamp(int v, int l, int h) { return *(volatile int *)0; }\n", "Segmentation fault"),
    ("int clamp(int v, int l, int h) { return h }\n", "compiler error: expected"),
    ("int other(void) { return 0; }\n", "linker error: undefined reference to `clamp'"),
  ])
  func tricksAndAccidentsInC(source: String, feedback: String) async throws {
    let task = try TaskFixtures.task("clamp-high")
    let grade = await Self.grade(
      task, patch: try await Self.patch(of: task, files: ["clamp.c": source]))
    #expect(grade.infrastructureFailure == nil)
    #expect(!grade.resolved)
    #expect(grade.reward == 0)
    #expect(grade.feedback.contains(feedback), "\(grade.feedback)")
  }

  @Test func aSyntaxErrorIsNamed() async throws {
    let task = try TaskFixtures.task("mean-of-none")
    let patch = try await Self.patch(of: task, files: ["stats/average.py": "def mean(values:\n"])
    let grade = await Self.grade(task, patch: patch)
    #expect(!grade.resolved)
    #expect(
      grade.feedback.contains("SyntaxError: '(' was never closed")
        || grade.feedback.contains("SyntaxError"))
    #expect(grade.feedback.contains("at: stats/average.py:1: def mean(values:"))
  }

  @Test func timeLimit() async throws {
    try await TaskFixtures.withCopy { copy in
      try TaskFixtures.edit(copy.appending(path: "task.toml")) {
        $0.replacing("timeout_sec = 20.5", with: "timeout_sec = 1")
      }
      let task = try RepairTask(directory: copy)
      let source = "def total(v): return 0\ndef mean(v):\n    while True:\n        pass\n"
      let patch = try await Self.patch(of: task, files: ["stats/average.py": source])
      let grade = await Self.grade(task, patch: patch)
      #expect(grade.timedOut)
      #expect(!grade.resolved)
      #expect(grade.reward == 0)
      #expect(grade.feedback.hasPrefix("The tests did not finish within 1 second"))
    }
  }

  @Test func aMissingTestFails() async throws {
    try await TaskFixtures.withCopy { copy in
      try TaskFixtures.edit(copy.appending(path: "task.toml")) {
        $0.replacing("NoneTests.test_total_of_none", with: "NoneTests.test_gone")
      }
      let task = try RepairTask(directory: copy)
      let grade = await Self.grade(task, patch: try await Self.solution(of: task))
      #expect(!grade.resolved)
      #expect(grade.failToPass == 1)
      #expect(grade.passToPass == 0.5)
      #expect(grade.tests.first { $0.id.hasSuffix("test_gone") }?.outcome == .missing)
      #expect(grade.feedback.contains("not run: hidden.test_none.NoneTests.test_gone"))
    }
  }

  @Test func partialCredit() async throws {
    let task = try TaskFixtures.task("mean-of-none")
    let half =
      "def total(v): return sum(v)\ndef mean(v): return 0 if v == [] else total(v) / len(v)\n"
    let patch = try await Self.patch(of: task, files: ["stats/average.py": half])
    #expect(await Self.grade(task, patch: patch).reward == 0)
    let grade = await Self.grade(task, patch: patch, credit: .failToPass)
    #expect(grade.failToPass == 0.5)
    #expect(grade.reward == 0.25)
    #expect(await Self.grade(task, patch: [], credit: .failToPass).reward == 0)
    let broken = try await Self.patch(
      of: task, files: ["stats/average.py": "def total(v): return 1\ndef mean(v): return 0\n"])
    #expect(await Self.grade(task, patch: broken, credit: .failToPass).reward == 0)
  }

  @Test func aPatchThatDoesNotApply() async throws {
    let task = try TaskFixtures.task("mean-of-none")
    let patch = "--- a/none.py\n+++ b/none.py\n@@ -1,1 +1,1 @@\n-a\n+b\n"
    for text in [patch, "rubbish\n"] {
      let grade = await Self.grade(task, patch: Array(text.utf8))
      #expect(grade.reward == 0)
      #expect(!grade.resolved)
      #expect(grade.invalidReason?.hasPrefix("the change doesn't apply: ") == true, "\(grade)")
      #expect(grade.tests.allSatisfy { $0.outcome == .missing })
    }
  }

  @Test func aMachineInTroubleIsNoZero() async throws {
    try await TaskFixtures.withCopy { copy in
      let task = try RepairTask(directory: copy)
      try FileManager.default.removeItem(at: task.environmentDirectory)
      let grade = await Self.grade(task, patch: [])
      #expect(grade.reward == nil)
      #expect(grade.infrastructureFailure != nil)
      #expect(!grade.resolved)
    }
  }

  @Test(
    arguments: [
      ("echo '{\"reward\": 1}' > $out/reward.json", 1.0, true, nil),
      ("echo 1 > $out/reward.txt", 1.0, true, nil),
      ("echo 1 > $out/reward.txt; echo '{\"reward\": 0.25}' > $out/reward.json", 0.25, false, nil),
      ("cat reward.json 2>/dev/null; true", 0.0, false, "wrote neither reward.json nor reward.txt"),
      ("echo 7 > $out/reward.txt", 0.0, false, "wrote no reward from 0 to 1 to reward.txt"),
      (
        "echo '{\"a\": 1, \"b\": 1}' > $out/reward.json", 0.0, false,
        "wrote no reward from 0 to 1 to reward.json: expected a number, alone or as \"reward\""
      ),
    ] as [(String, Double, Bool, String?)])
  func rewardFiles(script: String, reward: Double, resolved: Bool, problem: String?) async throws {
    try await TaskFixtures.withCopy(of: "greet-words") { copy in
      try TaskFixtures.edit(copy.appending(path: "task.toml")) {
        $0.split(separator: "\n").filter {
          !$0.hasPrefix("hidden_test_command") && !$0.contains("_to_pass")
        }.joined(separator: "\n")
      }
      let text = "out=.; [ -d /logs/verifier ] && out=/logs/verifier\n\(script)\n"
      try Data(text.utf8).write(to: copy.appending(path: "tests/test.sh"))
      let task = try RepairTask(directory: copy)
      // A stale reward, as the agent might leave one.
      let patch = try await Self.patch(of: task, files: ["reward.json": "1", "reward.txt": "1"])
      let grade = await Self.grade(task, patch: patch)
      #expect(grade.reward == reward, "\(grade)")
      #expect(grade.resolved == resolved)
      #expect(
        grade.invalidReason == problem.map { "tests/test.sh ended with exit code 0 and \($0)" })
    }
  }
}
