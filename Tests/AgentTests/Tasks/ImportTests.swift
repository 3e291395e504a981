import Agent
import Foundation
import Testing
import Tools

struct ImportTests {
  /// A new folder with these files, deleted afterwards.
  private func withFolder<Value>(
    _ files: [String: String], _ body: (URL) async throws -> Value
  ) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-tests-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    for (path, text) in files {
      let file = folder.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return try await body(folder)
  }

  private func importer(_ folder: URL) async -> TaskImporter {
    TaskImporter(
      output: folder.appending(path: "out"), split: .heldOut, sandbox: await GraderTests.sandbox(),
      timeout: 60)
  }

  private func run(
    _ importer: TaskImporter, _ candidates: [TaskImporter.Candidate]
  ) async throws -> [String: TaskImporter.Outcome] {
    var seen: [String] = []
    let outcomes = try await importer.run(candidates) { id, _ in seen.append(id) }
    #expect(seen.sorted() == candidates.map(\.id).sorted())
    let left = try FileManager.default.contentsOfDirectory(atPath: importer.output.path)
    #expect(!left.contains { $0.hasPrefix(".staging") })
    return outcomes
  }

  // MARK: QuixBugs

  private static let quixBugs = [
    "python_programs/flatten.py": """
    def flatten(arr):
        for x in arr:
            if isinstance(x, list):
                for y in flatten(x):
                    yield y
            else:
                yield flatten(x)
    """,
    "correct_python_programs/flatten.py": """
    def flatten(arr):
        for x in arr:
            if isinstance(x, list):
                for y in flatten(x):
                    yield y
            else:
                yield x
    """,
    "json_testcases/flatten.json": """
    [[[[1, [], 2.5], "a\\"b"]], [1, 2.5, "a\\"b"]]
    [[[true, null]], [true, null]]
    [[[]], []]
    """,
    // A call that never ends must not hide the other cases.
    "python_programs/bits.py": """
    def bits(n):
        count = 0
        while n:
            n ^= n - 1
            count += 1
        return count
    """,
    "correct_python_programs/bits.py": """
    def bits(n):
        count = 0
        while n:
            n &= n - 1
            count += 1
        return count
    """,
    "json_testcases/bits.json": "[127, 7]\n[0, 0]",
    "python_programs/node.py": "class Node: pass",
    "python_programs/graph.py": "def graph(n): return n",
    "correct_python_programs/graph.py": "def graph(n): return n",
    "python_programs/same.py": "def same(n): return n",
    "correct_python_programs/same.py": "def same(n): return n",
    "json_testcases/same.json": "[1, 1]",
    "python_programs/odd.py": "def odd(n): return n",
    "correct_python_programs/odd.py": "def odd(n): return n + 1",
    "json_testcases/odd.json": "[1, 2]\n[1, 2, 3]",
  ]

  @Test func quixBugsPrograms() async throws {
    try await withFolder(Self.quixBugs) { folder in
      let importer = await importer(folder)
      let outcomes = try await run(importer, try importer.quixBugs(folder))
      #expect(
        outcomes == [
          "flatten": .imported(failToPass: 2, passToPass: 1, dropped: 0),
          "bits": .imported(failToPass: 1, passToPass: 1, dropped: 0),
          "graph": .refused("there is no json_testcases/graph.json"),
          "same": .refused("its solution changes nothing"),
          "odd": .refused(
            "json_testcases/odd.json:2 must be a list of arguments and result"),
        ])
      let task = try RepairTask(directory: importer.output.appending(path: "flatten"))
      #expect(task.split == .heldOut && task.bug == "quixbugs")
      #expect(task.failToPass.first == "hidden.test_flatten.FlattenTests.test_flatten_1")
      #expect(
        task.instruction.contains(
          #"self.assertEqual(plain(flatten([[1, [], 2.5], "a\"b"])), [1, 2.5, "a\"b"])"#))
      let grade = await GraderTests.grade(task, patch: try await GraderTests.solution(of: task))
      #expect(grade.resolved)
      // Once more: what is there stays.
      #expect(try await run(importer, try importer.quixBugs(folder))["flatten"] == .kept)
    }
  }

  @Test func aFolderWithoutPrograms() async throws {
    try await withFolder(["a.txt": ""]) { folder in
      let importer = await importer(folder)
      #expect(throws: TaskError.self) { try importer.quixBugs(folder) }
      #expect(throws: TaskError.self) { try importer.harbor(folder) }
    }
  }

  // MARK: Instances

  private static let repository = [
    "clones/acme__calc/calc.py": "def add(a, b):\n    return a + b\n",
    "clones/acme__calc/tests/__init__.py": "",
    "clones/acme__calc/tests/test_calc.py": """
    import unittest
    from calc import add

    class CalcTests(unittest.TestCase):
        def test_add(self):
            self.assertEqual(add(1, 2), 3)

        def test_nothing(self):
            self.assertEqual(add(2, 0), 2)

    """,
  ]
  private static let bug = """
    --- a/calc.py
    +++ b/calc.py
    @@ -1,2 +1,2 @@
     def add(a, b):
    -    return a + b
    +    return a - b

    """

  private func rows(_ rows: [[String: Any]]) throws -> String {
    try rows.map {
      String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self) + "\n"
    }.joined()
  }

  @Test func smithInstances() async throws {
    let common: [String: Any] = ["repo": "swesmith/acme__calc.1a2b3c4", "patch": Self.bug]
    func row(_ id: String, _ more: [String: Any]) -> [String: Any] {
      common.merging(["instance_id": id].merging(more) { $1 }) { $1 }
    }
    var files = Self.repository
    files["rows.jsonl"] = try rows([
      row(
        "acme.lists",
        [
          "FAIL_TO_PASS": ["tests/test_calc.py::CalcTests::test_add"],
          "PASS_TO_PASS": ["tests/test_calc.py::CalcTests::test_nothing", "tests/a.py::A::test_b"],
          "problem_statement": "add is wrong.",
        ]),
      row("acme.strings", ["FAIL_TO_PASS": "[\"test_add (tests.test_calc.CalcTests)\"]"]),
      row("acme.found", ["FAIL_TO_PASS": NSNull()]),
      row("acme.passes", ["FAIL_TO_PASS": ["tests.test_calc.CalcTests.test_nothing"]]),
      row("acme.other", ["FAIL_TO_PASS": ["tests.test_calc.CalcTests.test_add"], "repo": "a/b"]),
      row(
        "../acme.twice",
        [
          "FAIL_TO_PASS": ["tests.test_calc.CalcTests.test_add"],
          "patch": Self.bug.replacing("a + b", with: "b + a"),
        ]),
      row("acme.unknown", ["FAIL_TO_PASS": ["TestAdd"]]),
    ])
    try await withFolder(files) { folder in
      let importer = await importer(folder)
      let outcomes = try await run(
        importer,
        try importer.instances(
          folder.appending(path: "rows.jsonl"), form: .smith,
          repositories: folder.appending(path: "clones"), testCommand: nil, hasPytest: false))
      #expect(outcomes["acme.lists"] == .imported(failToPass: 1, passToPass: 1, dropped: 1))
      #expect(outcomes["acme.strings"] == .imported(failToPass: 1, passToPass: 1, dropped: 0))
      #expect(outcomes["acme.found"] == .imported(failToPass: 1, passToPass: 1, dropped: 0))
      #expect(
        outcomes["acme.passes"]
          == .refused(
            "none of its FAIL_TO_PASS tests fails before its patch and passes after it: "
              + "tests.test_calc.CalcTests.test_nothing is passed before it and passed after it"))
      for (id, reason) in [
        ("acme.other", "no clone of a/b"), ("acme.twice", "its patch doesn't apply"),
        ("acme.unknown", "give --test-command"),
      ] {
        guard case .refused(let said) = outcomes[id] else {
          Issue.record("\(id) is not refused")
          continue
        }
        #expect(said.contains(reason))
      }
      let task = try RepairTask(directory: importer.output.appending(path: "acme.lists"))
      #expect(task.instruction == "add is wrong.\n")
      #expect(task.isProtected("tests/test_calc.py") && !task.isProtected("calc.py"))
      let environment = task.environmentDirectory.appending(path: "calc.py")
      #expect(try String(contentsOf: environment, encoding: .utf8).contains("a - b"))
      let told = try RepairTask(directory: importer.output.appending(path: "acme.found"))
      #expect(told.instruction.contains("self.assertEqual(add(1, 2), 3)"))
    }
  }

  @Test func benchInstances() async throws {
    var files = Self.repository
    files["clones/acme__calc/calc.py"] = "def add(a, b):\n    return a - b\n"
    files["rows.json"] = String(
      decoding: try JSONSerialization.data(withJSONObject: [
        [
          "instance_id": "acme__calc-1", "repo": "acme/calc",
          "patch": """
          --- a/calc.py
          +++ b/calc.py
          @@ -1,2 +1,2 @@
           def add(a, b):
          -    return a - b
          +    return a + b

          """,
          "test_patch": """
          --- /dev/null
          +++ b/tests/test_more.py
          @@ -0,0 +1,6 @@
          +import unittest
          +from calc import add
          +
          +class MoreTests(unittest.TestCase):
          +    def test_more(self):
          +        self.assertEqual(add(5, 5), 10)

          """,
          "problem_statement": "add(5, 5) is 0.",
          "FAIL_TO_PASS": "[\"test_more (tests.test_more.MoreTests.test_more)\"]",
          "PASS_TO_PASS": "[\"test_nothing (tests.test_calc.CalcTests.test_nothing)\"]",
        ]
      ]), as: UTF8.self)
    try await withFolder(files) { folder in
      let importer = await importer(folder)
      let outcomes = try await run(
        importer,
        try importer.instances(
          folder.appending(path: "rows.json"), form: .swebench,
          repositories: folder.appending(path: "clones"), testCommand: nil, hasPytest: false))
      #expect(outcomes == ["acme__calc-1": .imported(failToPass: 1, passToPass: 1, dropped: 0)])
      let task = try RepairTask(directory: importer.output.appending(path: "acme__calc-1"))
      // The new test is hidden.
      #expect(task.failToPass == ["tests.test_more.MoreTests.test_more"])
      let hidden = task.environmentDirectory.appending(path: "tests/test_more.py").path
      #expect(!FileManager.default.fileExists(atPath: hidden))
      #expect(task.isProtected("tests/test_more.py"))
    }
  }

  @Test(
    arguments: [
      ("{", "rows.jsonl:1: not valid JSON"), ("[1", "begins with [ but is no JSON array"),
      ("3", "rows.jsonl:1: an instance must be a JSON object"), ("", "holds no instance"),
      (#"{"repo":"a","patch":"x"}"#, "rows.jsonl:1: missing key instance_id"),
      ("\n" + #"{"instance_id":"a","repo":3,"patch":"x"}"#, "rows.jsonl:2: repo must be a string"),
      (#"{"instance_id":"a","repo":" ","patch":"x"}"#, "rows.jsonl:1: repo is empty"),
      (
        #"{"instance_id":"a","repo":"b","patch":"x","FAIL_TO_PASS":"t"}"#,
        "rows.jsonl:1: FAIL_TO_PASS must be a list of strings, or a string that holds one"
      ),
      (
        #"[{"instance_id":"a","repo":"b","patch":"x"},{"instance_id":"a","repo":"b","patch":"x"}]"#,
        "entry 2: instance_id \"a\" stands in"
      ),
    ])
  func brokenFiles(text: String, message: String) async throws {
    try await withFolder(["rows.jsonl": text]) { folder in
      let importer = await importer(folder)
      let error = #expect(throws: TaskError.self) {
        try importer.instances(
          folder.appending(path: "rows.jsonl"), form: .smith, repositories: folder,
          testCommand: nil, hasPytest: false)
      }
      #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
      #expect(!FileManager.default.fileExists(atPath: importer.output.path))
    }
  }

  /// As `diff -u` writes them: without git's lines, with dates, a file that is new and one that goes.
  @Test func patchesThatAreNotGits() async throws {
    var files = Self.repository
    files["clones/acme__calc/old.py"] = "x = 1\n"
    files["clones/acme__calc/notes.txt"] = "-- a\n"
    files["rows.jsonl"] = try rows([
      [
        "instance_id": "one", "repo": "acme/calc",
        "FAIL_TO_PASS": ["tests.test_calc.CalcTests.test_add"],
        "patch": """
        --- calc.py\t2026-01-01 00:00:00
        +++ calc.py\t2026-01-02 00:00:00
        @@ -1,2 +1,2 @@
         def add(a, b):
        -    return a + b
        +    return a - b
        --- notes.txt
        +++ notes.txt
        @@ -1 +1 @@
        --- a
        +++ b
        --- /dev/null
        +++ b/new.py
        @@ -0,0 +1 @@
        +y = 2
        --- a/old.py
        +++ /dev/null
        @@ -1 +0,0 @@
        -x = 1
        """,
      ]
    ])
    try await withFolder(files) { folder in
      let importer = await importer(folder)
      let outcomes = try await run(
        importer,
        try importer.instances(
          folder.appending(path: "rows.jsonl"), form: .smith,
          repositories: folder.appending(path: "clones"), testCommand: nil, hasPytest: false))
      #expect(outcomes == ["one": .imported(failToPass: 1, passToPass: 1, dropped: 0)])
      let task = try RepairTask(directory: importer.output.appending(path: "one"))
      let names = try FileManager.default.contentsOfDirectory(
        atPath: task.environmentDirectory.path)
      #expect(names.contains("new.py") && !names.contains("old.py"))
      let notes = task.environmentDirectory.appending(path: "notes.txt")
      #expect(try String(contentsOf: notes, encoding: .utf8) == "++ b\n")
    }
  }

  // MARK: Harbor

  @Test func harborTasks() async throws {
    let toml = """
      schema_version = "1.1"
      [task]
      name = "org/one"
      description = "Add."
      [environment]
      build_timeout_sec = 600.0
      """
    let files = [
      "tasks/one/task.toml": toml, "tasks/one/instruction.md": "Mend add.\n",
      "tasks/one/environment/Dockerfile": "FROM python\n",
      "tasks/one/environment/calc.py": "def add(a, b):\n    return a - b\n",
      "tasks/one/tests/test.sh": """
      python3 -c 'from calc import add; assert add(1, 2) == 3' && echo 1 > reward.txt || echo 0 > reward.txt
      """,
      "tasks/one/solution/fix.patch": """
      --- a/calc.py
      +++ b/calc.py
      @@ -1,2 +1,2 @@
       def add(a, b):
      -    return a - b
      +    return a + b

      """,
      "tasks/two/task.toml": toml, "tasks/two/instruction.md": "x\n",
      "tasks/two/environment/Dockerfile": "FROM python\n", "tasks/two/tests/test.sh": "exit 0",
    ]
    try await withFolder(files) { folder in
      let importer = await importer(folder)
      let outcomes = try await run(importer, try importer.harbor(folder.appending(path: "tasks")))
      #expect(
        outcomes == [
          "one": .imported(failToPass: 0, passToPass: 0, dropped: 0),
          "two": .refused("its repository is inside an image, not in environment/"),
        ])
      let task = try RepairTask(directory: importer.output.appending(path: "one"))
      #expect(task.summary == "Add." && task.language == .python)
      #expect(
        !FileManager.default.fileExists(atPath: task.environmentDirectory.path + "/Dockerfile"))
    }
  }
}
