import Agent
import Foundation
import Testing
import Tools

struct ImportTests {
  /// A new folder with these files, deleted afterwards.
  func withFolder<Value>(
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

  func importer(_ folder: URL) async -> TaskImporter {
    TaskImporter(
      output: folder.appending(path: "out"), split: .heldOut, sandbox: await GraderTests.sandbox(),
      timeout: 60)
  }

  func run(
    _ importer: TaskImporter, _ candidates: [TaskImporter.Candidate]
  ) async throws -> [String: TaskImporter.Outcome] {
    var seen: [String] = []
    let outcomes = try await importer.run(candidates) { id, _ in seen.append(id) }
    #expect(seen.sorted() == candidates.map(\.id).sorted())
    let left = try FileManager.default.contentsOfDirectory(atPath: importer.output.path)
    #expect(!left.contains { $0.hasPrefix(".staging") })
    return outcomes
  }

  /// Imports a file of instances whose clones lie beside it.
  private func run(
    _ importer: TaskImporter, _ rows: String, _ form: ImportForm, in folder: URL
  ) async throws -> [String: TaskImporter.Outcome] {
    try await run(
      importer,
      try importer.instances(
        folder.appending(path: rows), form: form,
        repositories: folder.appending(path: "clones"), testCommand: nil, hasPytest: false))
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
    "python_programs/endless.py": "def endless(n): return n",
    "correct_python_programs/endless.py": "def endless(n): return -n",
    "json_testcases/endless.json": "[1, -1]\n[\"NaN\", -Infinity]",
    // Of these cases the sound program gets one only nearly right, and takes too long over another.
    "python_programs/root.py": "def root(n): return n",
    "correct_python_programs/root.py": """
    def root(n):
        while n == 9:
            pass
        return n ** 0.5
    """,
    "json_testcases/root.json": "[4, 2.0]\n[2, 1.41]\n[9, 3.0]\n[1, 1.0]\n[16, 4.0]",
  ]

  @Test func quixBugsPrograms() async throws {
    let linked = [
      "correct_python_programs/linked.py": "def linked(n): return n",
      "json_testcases/linked.json": "[1, 1]",
    ]
    try await withFolder(Self.quixBugs.merging(linked) { $1 }) { folder in
      let program = "python_programs/linked.py"
      try FileManager.default.createSymbolicLink(
        atPath: folder.appending(path: program).path, withDestinationPath: "/etc/hostname")
      let importer = await importer(folder)
      let outcomes = try await run(importer, try importer.quixBugs(folder))
      #expect(
        outcomes == [
          "linked": .refused("\(program) can't be read; expected a file of the folder's own"),
          "flatten": .imported(failToPass: 2, passToPass: 1, dropped: 0),
          "bits": .imported(failToPass: 1, passToPass: 1, dropped: 0),
          "graph": .refused(
            "there is neither json_testcases/graph.json nor python_testcases/test_graph.py"),
          "endless": .refused(
            "json_testcases/endless.json:2: JSON has no -Infinity; expected a number"),
          "root": .imported(failToPass: 2, passToPass: 1, dropped: 2),
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
      let root = try RepairTask(directory: importer.output.appending(path: "root"))
      for (file, cases) in [
        (root.testsDirectory.appending(path: "hidden/test_root.py"), [1, 4, 5]),
        (root.environmentDirectory.appending(path: "tests/test_root.py"), [1, 5]),
      ] {
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect((1...5).filter { text.contains("def test_root_\($0)(") } == cases)
      }
      let validator = TaskValidator(sandbox: importer.sandbox, runs: 1)
      #expect(try await validator.validate(root).problems == [])
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

  func rows(_ rows: [[String: Any]]) throws -> String {
    try rows.map {
      String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self) + "\n"
    }.joined()
  }

  @Test func smithInstances() async throws {
    let common: [String: Any] = [
      "repo": "swesmith/acme__calc.1a2b3c4", "patch": Self.bug,
      "PASS_TO_PASS": ["tests.test_calc.CalcTests.test_nothing"],
    ]
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
      row(
        "acme.strings",
        [
          "FAIL_TO_PASS": "[\"test_add (tests.test_calc.CalcTests)\"]",
          "PASS_TO_PASS": "[\"test_nothing (tests.test_calc.CalcTests)\"]",
        ]),
      row("acme.unlisted", ["FAIL_TO_PASS": NSNull()]),
      row(
        "acme.alone",
        ["FAIL_TO_PASS": ["tests.test_calc.CalcTests.test_add"], "PASS_TO_PASS": "[]"]),
      row(
        "acme.passes",
        [
          "FAIL_TO_PASS": ["tests.test_calc.CalcTests.test_nothing"],
          "PASS_TO_PASS": ["tests.test_calc.CalcTests.test_add"],
        ]),
      row("acme.other", ["FAIL_TO_PASS": ["tests.test_calc.CalcTests.test_add"], "repo": "a/b"]),
      row(
        "acme.twice",
        [
          "FAIL_TO_PASS": ["tests.test_calc.CalcTests.test_add"],
          "patch": Self.bug.replacing("a + b", with: "b + a"),
        ]),
      row("acme.unknown", ["FAIL_TO_PASS": ["TestAdd"], "PASS_TO_PASS": ["TestSub"]]),
    ])
    try await withFolder(files) { folder in
      let importer = await importer(folder)
      let outcomes = try await run(importer, "rows.jsonl", .smith, in: folder)
      #expect(outcomes["acme.lists"] == .imported(failToPass: 1, passToPass: 1, dropped: 1))
      #expect(outcomes["acme.strings"] == .imported(failToPass: 1, passToPass: 1, dropped: 0))
      for (id, list) in [("acme.unlisted", "FAIL_TO_PASS"), ("acme.alone", "PASS_TO_PASS")] {
        #expect(
          outcomes[id]
            == .refused(
              "its \(list) is empty: an instance of SWE-smith is valid only with a test in each list"
            ))
      }
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
      let told = try RepairTask(directory: importer.output.appending(path: "acme.strings"))
      #expect(told.instruction.contains("self.assertEqual(add(1, 2), 3)"))
    }
  }

  /// Under another name, a prediction would be no harness's, and a task could take another's place.
  @Test func idsThatNameNoFolder() async throws {
    let long = String(repeating: "a", count: 121)
    let unsafe = ["a b", "é", "../evil", "a/b", ".", ".hidden", "-rf", long, "a\u{1B}[2J"]
    var files = Self.repository
    files["rows.jsonl"] = try rows(
      (unsafe + ["a-b"]).map { id -> [String: Any] in
        [
          "instance_id": id, "repo": "acme/calc", "patch": Self.bug,
          "FAIL_TO_PASS": ["tests.test_calc.CalcTests.test_add"],
          "PASS_TO_PASS": ["tests.test_calc.CalcTests.test_nothing"],
        ]
      })
    try await withFolder(files) { folder in
      let importer = await importer(folder)
      let outcomes = try await run(importer, "rows.jsonl", .smith, in: folder)
      #expect(outcomes["a-b"] == .imported(failToPass: 1, passToPass: 1, dropped: 0))
      #expect(outcomes.count == unsafe.count + 1)
      // What would move a terminal's cursor isn't printed.
      for id in unsafe.map({ $0.replacing("\u{1B}", with: "?") }) {
        guard case .refused(let said)? = outcomes[id] else {
          Issue.record("\(id) is not refused")
          continue
        }
        #expect(said.hasPrefix("its id can't name a folder: "))
      }
      let manager = FileManager.default
      #expect(try manager.contentsOfDirectory(atPath: importer.output.path) == ["a-b"])
      #expect(
        try manager.contentsOfDirectory(atPath: folder.path).sorted()
          == ["clones", "out", "rows.jsonl"])
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
      let outcomes = try await run(importer, "rows.json", .swebench, in: folder)
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
      ("{\n}", "rows.jsonl:1: not valid JSON; expected a JSON object a line, or one array of them"),
      ("id,repo\n1,2", "rows.jsonl:1: not valid JSON; expected a JSON object a line, or one array"),
      ("[1", "rows.jsonl:1: not valid JSON; expected a JSON object a line, or one array of them"),
      ("[{},\nx]", "rows.jsonl:2: not valid JSON; expected"),
      (#"{"instance_id":"a","n":1e400}"#, "rows.jsonl:1: the number 1e400 is out of range"),
      ("[{},\n1e400]", "rows.jsonl:2: the number 1e400 is out of range"),
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
        "PASS_TO_PASS": ["tests.test_calc.CalcTests.test_nothing"],
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
      let outcomes = try await run(importer, "rows.jsonl", .smith, in: folder)
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
      [verifier]
      timeout_sec = 90.5
      [environment]
      build_timeout_sec = 600.0
      memory_mb = 700
      storage = "3G"
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
      #expect(task.name == "org/one" && task.verifierTimeout == 91)
      #expect(task.memoryMegabytes == 700 && task.storageMegabytes == 3072)
      #expect(
        !FileManager.default.fileExists(atPath: task.environmentDirectory.path + "/Dockerfile"))
    }
  }

  /// A task whose solution is a script; `mended.py` lies beside it.
  static func scripted(
    _ id: String, _ script: String, limits: String = ""
  ) -> [String: String] {
    let files = [
      "task.toml": "schema_version = \"1.1\"\n" + limits, "instruction.md": "Mend add.\n",
      "environment/calc.py": "def add(a, b):\n    return a - b\n",
      "tests/test.sh": """
      python3 -c 'from calc import add; assert add(1, 2) == 3' && echo 1 > reward.txt || echo 0 > reward.txt
      """,
      "solution/mended.py": "def add(a, b):\n    return a + b\n", "solution/solve.sh": script,
    ]
    return Dictionary(uniqueKeysWithValues: files.map { ("tasks/\(id)/\($0.key)", $0.value) })
  }

  @Test func harborScripts() async throws {
    let tasks = [
      Self.scripted(
        "mends",
        """
        cp "$(dirname "$0")/mended.py" calc.py
        mkdir tests && echo x > tests/test_more.py
        """),
      Self.scripted("fails", "cp /nowhere calc.py\necho No such luck >&2\necho\nexit 3\n"),
      Self.scripted("slow", "sleep 60\n", limits: "[verifier]\ntimeout_sec = 1\n"),
      // Ours would do.
      Self.scripted(
        "large", "python3 -c 'bytearray(1 << 29)'\n", limits: "[environment]\nmemory_mb = 200\n"),
      Self.scripted("idle", "true\n"),
      Self.scripted("barred", "mkdir tests && touch tests/a.py conftest.py\n"),
      Self.scripted("wrong", "echo 'def add(a, b): return 0' > calc.py\n"),
      Self.scripted("links", "ln -s ../../etc/passwd users\n"),
    ].reduce(into: [String: String]()) { all, files in all.merge(files) { $1 } }
    try await withFolder(tasks) { folder in
      let importer = await importer(folder)
      let outcomes = try await run(importer, try importer.harbor(folder.appending(path: "tasks")))
      func refused(_ text: String) -> TaskImporter.Outcome {
        .refused("its solution/solve.sh \(text)")
      }
      #expect(
        outcomes == [
          "mends": .imported(failToPass: 0, passToPass: 0, dropped: 0),
          "fails": refused("ends with exit code 3: No such luck"),
          "slow": refused("takes more than 1 s"), "large": refused("runs out of memory"),
          "idle": refused("changes nothing"),
          "barred": refused("changes only what may not be changed: conftest.py, tests/a.py"),
          "wrong": .refused("tests/test.sh doesn't write a reward of 1 after its solution"),
          "links": refused("makes a link that leads outside: users"),
        ])
      let task = try RepairTask(directory: importer.output.appending(path: "mends"))
      #expect(task.name == "hindsight/mends" && task.verifierTimeout == 60)
      #expect(task.memoryMegabytes == 2048 && task.storageMegabytes == 1024)
      let patch = String(decoding: try await GraderTests.solution(of: task), as: UTF8.self)
      #expect(patch.contains("\n+    return a + b\n") && !patch.contains("test_more"))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: task.environmentDirectory.path)
          == ["calc.py"])
      let names = try FileManager.default.contentsOfDirectory(atPath: importer.output.path)
      #expect(names == ["mends"])
    }
  }

  @Test func harborScriptsStayInside() async throws {
    try await withFolder([:]) { folder in
      let importer = await importer(folder)
      // Without a sandbox nothing keeps a script in.
      guard importer.sandbox == .bubblewrap else { return }
      let host = folder.path(percentEncoded: false)
      let script = """
        for place in '\(host)/mark' "$(dirname "$0")/mark" "$(dirname "$0")/mended.py"; do
          echo x 2>/dev/null > "$place" && echo wrote "$place" && exit 1
        done
        cat '\(host)/secret' && exit 2
        ls "$(dirname "$0")/secret" && cat "$(dirname "$0")/secret" && exit 3
        python3 -c 'import socket; socket.create_connection(("1.1.1.1", 53), 1)' && exit 4
        cp "$(dirname "$0")/mended.py" calc.py
        """
      var files = Self.scripted("stays", script)
      files.merge(Self.scripted("script", "true\n")) { $1 }
      files.merge(Self.scripted("folder", "true\n")) { $1 }
      files["secret"] = "secret"
      let manager = FileManager.default
      for (path, text) in files {
        let file = folder.appending(path: path)
        try manager.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
      let tasks = folder.appending(path: "tasks")
      let linked = tasks.appending(path: "script/solution/solve.sh")
      try manager.removeItem(at: linked)
      try manager.createSymbolicLink(
        at: linked, withDestinationURL: tasks.appending(path: "stays/solution/solve.sh"))
      let solution = tasks.appending(path: "folder/solution")
      try manager.removeItem(at: solution)
      try manager.createSymbolicLink(
        at: solution, withDestinationURL: tasks.appending(path: "stays/solution"))
      let outcomes = try await run(importer, try importer.harbor(tasks))
      #expect(outcomes["stays"] == .imported(failToPass: 0, passToPass: 0, dropped: 0))
      guard case .refused(let said)? = outcomes["script"] else {
        Issue.record("a link that leads outside is not refused")
        return
      }
      #expect(said.hasSuffix("solution/solve.sh is a link that leads outside solution"))
      guard case .refused(let why)? = outcomes["folder"] else {
        Issue.record("a folder that is a link is not refused")
        return
      }
      #expect(why.hasSuffix("folder/solution is a link; expected a folder"))
      #expect(!manager.fileExists(atPath: host + "/mark"))
      #expect(
        try manager.contentsOfDirectory(atPath: tasks.path + "/stays/solution").sorted()
          == ["mended.py", "solve.sh"])
    }
  }
}
