import Agent
import Foundation
import Testing
import Tools

/// Rows as the sets have them, with pytest's names: what of them can't be had here is no more than left out.
extension ImportTests {
  private static let calc = """
    def add(a, b):
        return a + b


    def mul(a, b):
        return a * b

    """
  private static let tests = """
    from calc import add, mul


    def test_add():
        assert add(1, 2) == 3


    def test_mul():
        assert mul(2, 3) == 6

    """

  /// SWE-smith's, which makes the bug.
  private static func patch(_ path: String = "calc.py", at line: Int = 5) -> String {
    """
    --- a/\(path)
    +++ b/\(path)
    @@ -\(line),2 +\(line),2 @@
     def mul(a, b):
    -    return a * b
    +    return a + b

    """
  }

  /// SWE-bench's, which mends it.
  private static let mend = patch().replacing("-    return a * b\n+    return a + b", with: mended)
  private static let mended = "-    return a + b\n+    return a * b"

  private static func adding(_ path: String, _ lines: [String]) -> String {
    "--- /dev/null\n+++ b/\(path)\n@@ -0,0 +1,\(lines.count) @@\n"
      + lines.map { "+\($0)\n" }.joined()
  }

  private static func smith(_ id: String, _ more: [String: Any] = [:]) -> [String: Any] {
    let row: [String: Any] = [
      "instance_id": id, "repo": "swesmith/acme__calc.0123abcd", "patch": patch(),
      "FAIL_TO_PASS": ["tests/test_calc.py::test_mul"],
      "PASS_TO_PASS": ["tests/test_calc.py::test_add"], "problem_statement": "mul is wrong.",
    ]
    return row.merging(more) { $1 }
  }

  private static func bench(_ id: String, _ more: [String: Any]) -> [String: Any] {
    smith(id, ["repo": "acme/bench", "patch": mend]).merging(more) { $1 }
  }

  /// Files of a clone, and those that lie beside them.
  private static func files(_ clone: String, _ more: [String: String] = [:]) -> [String: String] {
    let files = ["calc.py": calc, "tests/test_calc.py": tests].merging(more) { $1 }
    return Dictionary(uniqueKeysWithValues: files.map { ("clones/\(clone)/\($0.key)", $0.value) })
  }

  /// Imports rows whose clones lie in the folder.
  private func outcomes(
    _ rows: [[String: Any]], _ form: ImportForm, in folder: URL, testCommand: String? = nil
  ) async throws -> [String: TaskImporter.Outcome] {
    let file = folder.appending(path: "rows.jsonl")
    try Data(try self.rows(rows).utf8).write(to: file)
    let importer = await importer(folder)
    return try await run(
      importer,
      try importer.instances(
        file, form: form, repositories: folder.appending(path: "clones"),
        testCommand: testCommand, hasPytest: true))
  }

  /// A task that was imported; what import has proved, validation finds as well.
  private func task(_ id: String, in folder: URL) async throws -> RepairTask {
    let importer = await importer(folder)
    let task = try RepairTask(directory: importer.output.appending(path: id))
    let validation = try await TaskValidator(sandbox: importer.sandbox, runs: 1).validate(task)
    #expect(validation.problems == [] && validation.infrastructureFailure == nil, "\(id)")
    return task
  }

  private func reason(_ outcome: TaskImporter.Outcome?) -> String {
    guard case .refused(let reason)? = outcome else { return "\(String(describing: outcome))" }
    return reason
  }

  /// In the original environments the package is installed.
  @Test func sourcesInAFolderOfTheirOwn() async throws {
    var files = Self.files("acme__calc")
    files["clones/acme__calc/src/calc/__init__.py"] = files.removeValue(
      forKey: "clones/acme__calc/calc.py")
    let row = Self.smith("src", ["patch": Self.patch("src/calc/__init__.py")])
    try await withFolder(files) { folder in
      let outcomes = try await outcomes([row], .smith, in: folder)
      #expect(outcomes == ["src": .imported(failToPass: 1, passToPass: 1, dropped: 0)])
      let command = "PYTHONPATH=src python3 -m pytest 'tests/test_calc.py'"
      let task = try await task("src", in: folder)
      #expect(task.testCommand == command && task.hiddenTestCommand == command)
    }
  }

  @Test func refusalsSayWhatTheRunnerSaid() async throws {
    let files = [
      Self.files("acme__calc", ["tests/test_calc.py": "import nowhere\n" + Self.tests]),
      Self.files("acme__new", ["pytest.ini": "[pytest]\nminversion = 99\n"]),
      Self.files("acme__fixture", ["conftest.py": "import nowhere\n"]),
    ].reduce(into: [String: String]()) { all, files in all.merge(files) { $1 } }
    let rows = [
      Self.smith("module"), Self.smith("new", ["repo": "acme/new"]),
      Self.smith("fixture", ["repo": "acme/fixture"]),
    ]
    try await withFolder(files) { folder in
      let outcomes = try await outcomes(rows, .smith, in: folder)
      #expect(
        reason(outcomes["module"]).hasSuffix(
          "tests/test_calc.py::test_mul is error before it and error after it: "
            + "ModuleNotFoundError: No module named 'nowhere'"))
      let silent = "after its patch, the test command reported no test and ended with exit code 4: "
      let new = reason(outcomes["new"])
      #expect(new.hasPrefix(silent + "ERROR: ") && new.contains("requires pytest-99"), "\(new)")
      #expect(
        reason(outcomes["fixture"]) == silent + "ModuleNotFoundError: No module named 'nowhere'")
    }
  }

  @Test func optionsForPluginsThatAreNotHere() async throws {
    let files = Self.files("acme__calc", ["setup.cfg": "[tool:pytest]\naddopts = --no-such\n"])
    try await withFolder(files) { folder in
      let outcomes = try await outcomes([Self.smith("options")], .smith, in: folder)
      #expect(outcomes == ["options": .imported(failToPass: 1, passToPass: 1, dropped: 0)])
      let task = try await task("options", in: folder)
      #expect(task.testCommand.contains(" -o addopts= "))
    }
  }

  /// What the agent may run never names what it hasn't got.
  @Test func testsInNewFiles() async throws {
    let lines = ["from calc import mul", "def test_more():", "    assert mul(2, 5) == 10"]
    func row(_ id: String, _ path: String, _ more: [String]) -> [String: Any] {
      Self.bench(
        id,
        [
          "test_patch": Self.adding(path, lines), "FAIL_TO_PASS": ["\(path)::test_more"],
          "PASS_TO_PASS": more,
        ])
    }
    let rows = [
      row("besides", "tests/test_more.py", ["tests/test_calc.py::test_add"]),
      row("beside", "tests/test_more.py", []), row("apart", "unit/test_more.py", []),
    ]
    let files = Self.files("acme__bench", ["calc.py": Self.calc.replacing("a * b", with: "a + b")])
    try await withFolder(files) { folder in
      let outcomes = try await outcomes(rows, .swebench, in: folder)
      for (id, passing, command) in [
        ("besides", 1, "python3 -m pytest 'tests/test_calc.py'"),
        ("beside", 0, "python3 -m pytest 'tests'"),
        ("apart", 0, "echo There are no visible tests."),
      ] {
        #expect(outcomes[id] == .imported(failToPass: 1, passToPass: passing, dropped: 0))
        #expect(try await task(id, in: folder).testCommand == command)
      }
    }
  }

  @Test func solutionsThatTouchTests() async throws {
    let helper = Self.adding("tests/helper.py", ["SIX = 6"])
    let test = Self.adding(
      "tests/test_more.py",
      [
        "from calc import mul", "from helper import SIX", "def test_more():",
        "    assert mul(2, 3) == SIX",
      ])
    let more: [String: Any] = [
      "test_patch": test, "FAIL_TO_PASS": ["tests/test_more.py::test_more"],
    ]
    let rows = [
      Self.bench("both", more.merging(["patch": Self.mend + helper]) { $1 }),
      Self.bench("only", more.merging(["patch": helper]) { $1 }),
    ]
    let files = Self.files("acme__bench", ["calc.py": Self.calc.replacing("a * b", with: "a + b")])
    try await withFolder(files) { folder in
      let outcomes = try await outcomes(rows, .swebench, in: folder)
      #expect(outcomes["both"] == .imported(failToPass: 1, passToPass: 1, dropped: 0))
      #expect(
        reason(outcomes["only"])
          == "its solution changes only what may not be changed: tests/helper.py")
      let task = try await task("both", in: folder)
      let patch = String(decoding: try await GraderTests.solution(of: task), as: UTF8.self)
      #expect(patch.contains("calc.py") && !patch.contains("helper"))
    }
  }

  /// They stand in every set's lists, and need what isn't here, or are no tests at all.
  @Test func namesThatMeanNothingHere() async throws {
    let files = Self.files(
      "acme__calc",
      [
        "README.md": "", "tests/test_broken.py": "import nowhere\n\n\ndef test_x(): pass\n",
        "tests/test_calc.py": Self.tests + "\n\ndef test_net():\n    assert False\n",
      ])
    let gone = ["tests/gone.py::test_x"]
    let rows = [
      Self.smith(
        "some",
        [
          "PASS_TO_PASS": gone + [
            "tests/test_calc.py::test_add", "README.md::README.md", "[100%]",
            "tests/test_broken.py::test_x", "tests/test_calc.py::test_net",
          ]
        ]),
      Self.smith("none", ["FAIL_TO_PASS": gone, "PASS_TO_PASS": ["tests/gone.py::test_y"]]),
    ]
    try await withFolder(files) { folder in
      let outcomes = try await outcomes(rows, .smith, in: folder)
      #expect(outcomes["some"] == .imported(failToPass: 1, passToPass: 1, dropped: 5))
      #expect(reason(outcomes["none"]) == "its repository has none of its tests: no tests/gone.py")
      _ = try await task("some", in: folder)
    }
  }

  /// One row must not end the others, nor reach beyond its task.
  @Test func pathsThatAreNotPlain() async throws {
    let files = Self.files("acme__calc").merging(Self.files("acme__link")) { $1 }
    let test = "tests/test_calc.py::test_mul"
    let unsafe = [
      "./\(test)", "tests//test_calc.py::test_mul", "../../\(test)", "/\(test)", "-\(test)",
    ]
    var rows = unsafe.enumerated().map { index, name in
      Self.smith("row\(index)", ["FAIL_TO_PASS": [test, name]])
    }
    rows += [Self.smith("link", ["repo": "acme/link"]), Self.smith("sound")]
    try await withFolder(files) { folder in
      try FileManager.default.createSymbolicLink(
        atPath: folder.path + "/clones/acme__link/passwd", withDestinationPath: "/etc/passwd")
      let outcomes = try await outcomes(rows, .smith, in: folder)
      #expect(outcomes["sound"] == .imported(failToPass: 1, passToPass: 1, dropped: 0))
      for (index, name) in unsafe.enumerated() {
        #expect(reason(outcomes["row\(index)"]).hasPrefix("its test \"\(name)\" has no plain path"))
      }
      #expect(
        reason(outcomes["link"]) == "environment/passwd is a link that leads outside environment")
    }
  }

  /// A link of the solution's leads to files that are nobody's business.
  @Test func testsBehindALink() async throws {
    let host = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-host-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: host, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: host) }
    try Data("def test_host(): pass\n".utf8).write(to: host.appending(path: "test_host.py"))
    let link = """
      diff --git a/ext b/ext
      new file mode 120000
      --- /dev/null
      +++ b/ext
      @@ -0,0 +1 @@
      +\(host.path)
      \\ No newline at end of file

      """
    let row = Self.bench(
      "linked",
      [
        "patch": "diff --git a/calc.py b/calc.py\n" + Self.mend + link,
        "PASS_TO_PASS": [String](),
        "FAIL_TO_PASS": ["ext/test_host.py::test_host"],
      ])
    let files = Self.files("acme__bench", ["calc.py": Self.calc.replacing("a * b", with: "a + b")])
    try await withFolder(files) { folder in
      let outcomes = try await outcomes([row], .swebench, in: folder)
      #expect(
        reason(outcomes["linked"]).hasSuffix("file or directory not found: ext/test_host.py"))
    }
  }

  /// pytest's `--doctest-modules`: such a test is in the file that is to be mended.
  @Test func doctestsOfSources() async throws {
    let text = "    \"\"\"\n    >>> mul(2, 3)\n    6\n    \"\"\"\n"
    let calc = Self.calc.replacing("def mul(a, b):\n", with: "def mul(a, b):\n" + text)
    let files = Self.files(
      "acme__calc",
      ["calc.py": calc, "setup.cfg": "[tool:pytest]\naddopts = --doctest-modules\n"])
    let row = Self.smith(
      "doctest",
      [
        "FAIL_TO_PASS": ["calc.py::calc.mul", "tests/test_calc.py::test_mul"],
        "patch": Self.patch(at: 9).replacing(" def mul(a, b):", with: "     \"\"\""),
      ])
    try await withFolder(files) { folder in
      let outcomes = try await outcomes([row], .smith, in: folder)
      #expect(outcomes == ["doctest": .imported(failToPass: 2, passToPass: 1, dropped: 0)])
      let task = try await task("doctest", in: folder)
      #expect(!task.isProtected("calc.py") && task.isProtected("tests/test_calc.py"))
    }
  }

  /// The tests are Python's, whatever the fix is in.
  @Test func fixesOfOtherFiles() async throws {
    let files = Self.files(
      "acme__calc",
      [
        "calc.py": "import json\nN = json.load(open('é.json'))\n"
          + Self.calc.replacing("a * b", with: "a * b * N[0]"),
        "é.json": "[\n1\n]\n",
      ])
    let patch = #"""
      diff --git "a/\303\251.json" "b/\303\251.json"
      --- "a/\303\251.json"
      +++ "b/\303\251.json"
      @@ -1,3 +1,3 @@
       [
      -1
      +2
       ]

      """#
    let row = Self.smith("data", ["patch": patch])
    try await withFolder(files) { folder in
      let outcomes = try await outcomes([row], .smith, in: folder)
      #expect(outcomes == ["data": .imported(failToPass: 1, passToPass: 1, dropped: 0)])
      #expect(try await task("data", in: folder).language == .python)
    }
  }

  // MARK: Names of functions and of what they do

  @Test func namesOfFunctionsAlone() async throws {
    let row = Self.bench(
      "sympy",
      [
        "test_patch": """
        --- a/tests/test_calc.py
        +++ b/tests/test_calc.py
        @@ -8,2 +8,6 @@
         def test_mul():
             assert mul(2, 3) == 6
        +
        +
        +def test_more():
        +    assert mul(2, 5) == 10

        """,
        "FAIL_TO_PASS": ["test_more", "test_mul"], "PASS_TO_PASS": ["test_add", "test_gone"],
      ])
    let files = Self.files("acme__bench", ["calc.py": Self.calc.replacing("a * b", with: "a + b")])
    try await withFolder(files) { folder in
      let outcomes = try await outcomes([row], .swebench, in: folder)
      #expect(outcomes == ["sympy": .imported(failToPass: 2, passToPass: 1, dropped: 1)])
      let task = try await task("sympy", in: folder)
      #expect(
        task.failToPass == ["tests/test_calc.py::test_more", "tests/test_calc.py::test_mul"])
    }
  }

  /// As Django has them: a program of its own, and doc strings for names.
  @Test func namesThatAreSentences() async throws {
    let files = [
      "web.py": "def slug(text):\n    return text.replace(\" \", \"-\")\n",
      "tests/runtests.py": """
      import argparse, sys, unittest

      parser = argparse.ArgumentParser()
      parser.add_argument("modules", nargs="*")
      parser.add_argument("--verbosity", type=int)
      parser.add_argument("--parallel", type=int)
      options = parser.parse_args()
      suite = unittest.defaultTestLoader.loadTestsFromNames(options.modules)
      result = unittest.TextTestRunner(verbosity=options.verbosity).run(suite)
      sys.exit(not result.wasSuccessful())

      """,
      "tests/utils_tests/__init__.py": "",
      "tests/utils_tests/test_text.py": """
      import unittest
      from web import slug


      class TextTests(unittest.TestCase):
          def test_slug(self):
              self.assertEqual(slug("a b"), "a-b")

      """,
    ]
    let row = Self.bench(
      "django",
      [
        "repo": "acme/web",
        "patch": """
        --- a/web.py
        +++ b/web.py
        @@ -1,2 +1,2 @@
         def slug(text):
        -    return text.replace(" ", "-")
        +    return text.replace(" ", "-").strip("-")

        """,
        "test_patch": #"""
        --- a/tests/utils_tests/test_text.py
        +++ b/tests/utils_tests/test_text.py
        @@ -6,2 +6,6 @@
             def test_slug(self):
                 self.assertEqual(slug("a b"), "a-b")
        +
        +    def test_strip(self):
        +        """slug() strips dashes."""
        +        self.assertEqual(slug(" a "), "a")

        """#,
        "FAIL_TO_PASS": ["slug() strips dashes."],
        "PASS_TO_PASS": ["test_slug (utils_tests.test_text.TextTests)"],
      ])
    let clone = Dictionary(uniqueKeysWithValues: files.map { ("clones/web/\($0.key)", $0.value) })
    try await withFolder(clone) { folder in
      let outcomes = try await outcomes([row], .swebench, in: folder)
      #expect(outcomes == ["django": .imported(failToPass: 1, passToPass: 1, dropped: 0)])
      let task = try await task("django", in: folder)
      #expect(task.failToPass == ["utils_tests.test_text.TextTests.test_strip"])
    }
  }

  @Test func testCommandsThatGoToAFolder() async throws {
    try await withFolder(Self.files("acme__calc")) { folder in
      let outcomes = try await outcomes(
        [Self.smith("folder")], .smith, in: folder,
        testCommand: "cd tests && PYTHONPATH=.. python3 -m pytest test_calc.py")
      #expect(outcomes == ["folder": .imported(failToPass: 1, passToPass: 1, dropped: 0)])
      #expect(try await task("folder", in: folder).failToPass == ["test_calc.py::test_mul"])
    }
  }

  // MARK: Clones

  /// A clone called as its package is isn't its package.
  @Test func clonesCalledLikeAFolderInThem() async throws {
    let files = [
      "sources/calc/__init__.py": Self.calc, "sources/tests/test_calc.py": Self.tests,
    ]
    let row = Self.smith(
      "clone",
      ["repo": "swesmith/calc__calc.0123abcd", "patch": Self.patch("calc/__init__.py")])
    try await withFolder(files) { folder in
      let root = folder.path(percentEncoded: false)
      _ = try Workspace.materialize(
        .folder("\(root)/sources"), recorder: try Recorder(at: "\(root)/recorder"), name: "calc",
        at: "\(root)/clones/calc", agentRepository: true)
      let outcomes = try await outcomes([row], .smith, in: folder)
      #expect(outcomes == ["clone": .imported(failToPass: 1, passToPass: 1, dropped: 0)])
    }
  }

  /// It isn't what the clone has checked out.
  @Test func theCommitInAName() async throws {
    let files = ["sources/calc.py": Self.calc, "sources/tests/test_calc.py": Self.tests]
    try await withFolder(files) { folder in
      let root = folder.path(percentEncoded: false)
      // Its HEAD is no commit at all.
      let clone = try Recorder(at: "\(root)/clones/acme__calc.git")
      let commit = try clone.record(.folder("\(root)/sources")).commit
      let row = Self.smith("named", ["repo": "swesmith/acme__calc.\(commit.short)"])
      let outcomes = try await outcomes([row], .smith, in: folder)
      #expect(outcomes == ["named": .imported(failToPass: 1, passToPass: 1, dropped: 0)])
    }
  }
}
