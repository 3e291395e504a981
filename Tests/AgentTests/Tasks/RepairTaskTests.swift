import Agent
import Foundation
import Testing
import Tools

struct RepairTaskTests {
  @Test func everyKeyIsRead() throws {
    let task = try TaskFixtures.task("mean-of-none")
    #expect(task.id == "mean-of-none")
    #expect(task.name == "fixtures/mean-of-none")
    #expect(task.summary == "The mean of nothing is an error.")
    #expect(task.keywords == ["python"])
    #expect(task.language == .python)
    #expect(task.bug == "missing-case")
    #expect(task.split == .train)
    #expect(task.repository == "stats")
    #expect(task.testCommand == "python3 -m unittest discover -s tests -t . -v")
    #expect(task.hiddenTestCommand == "python3 -m unittest discover -s hidden -t . -v")
    #expect(task.failToPass.count == 2)
    #expect(task.passToPass.last == "tests.test_average.AverageTests.test_mean")
    #expect(task.madeBy == "hand")
    #expect(task.difficulty == "easy")
    #expect(task.agentTimeout == 60)
    #expect(task.verifierTimeout == 20.5)
    #expect(task.verifierEnvironment == ["GREETING": "hello"])
    #expect(task.cpus == 1)
    #expect(task.memoryMegabytes == 512)
    #expect(task.storageMegabytes == 64)
    #expect(task.networkMode == .none)
    #expect(task.workdir == "/workspace")
    #expect(task.instruction.hasPrefix("The mean of an empty list"))
    #expect(task.testLimits.wallSeconds == 20.5)
    #expect(task.testLimits.memoryBytes == 512 << 20)
    guard case .patch(let file) = task.solution else {
      Issue.record("no patch")
      return
    }
    #expect(file.lastPathComponent == "fix.patch")
  }

  @Test func whatIsLeftOutHasDefaults() throws {
    let task = try TaskFixtures.task("greet-words")
    #expect(task.verifierTimeout == 600)
    #expect(task.verifierEnvironment.isEmpty)
    #expect(task.networkMode == .none)
    #expect(task.agentTimeout == nil)
    #expect(task.memoryMegabytes == nil)
    #expect(task.keywords.isEmpty)
  }

  @Test(arguments: [
    ("tests/test_average.py", true), ("hidden/any.py", true), ("hidden", true),
    ("stats/conftest.py", true), ("sitecustomize.py", true), ("unittest/__init__.py", true),
    ("stats/average.py", false), ("hidden.py", false), ("contests.py", false),
    ("stats/latest.py", false), ("stats/test_more.py", true), ("x/__pycache__/a.py", true),
  ])
  func protectedPaths(path: String, expected: Bool) throws {
    #expect(try TaskFixtures.task("mean-of-none").isProtected(path) == expected)
  }

  private func refusal(
    of id: String = "mean-of-none", after change: (URL) throws -> Void
  ) async throws -> String {
    try await TaskFixtures.withCopy(of: id) { copy in
      try change(copy)
      do {
        _ = try RepairTask(directory: copy)
        return ""
      } catch let error as TaskError {
        // Without the temporary folder's name.
        let folder = copy.deletingLastPathComponent().path(percentEncoded: false)
        return error.description.replacing(folder, with: "")
      }
    }
  }

  @Test(arguments: [
    (
      "split = \"train\"", "split = \"test\"",
      "metadata.hindsight.split is \"test\", but must be one of \"train\", \"held-out\""
    ),
    (
      "language = \"python\"", "language = \"rust\"",
      "metadata.hindsight.language is \"rust\", but must be one of \"python\", \"c\", \"shell\""
    ),
    ("language = \"python\"", "", "missing key metadata.hindsight.language"),
    ("bug = \"missing-case\"", "bug = \" \"", "metadata.hindsight.bug is empty"),
    ("\"1.4\"", "\"2.0\"", "schema_version is \"2.0\", but must be \"1.4\""),
    ("schema_version = \"1.4\"", "", "missing key schema_version"),
    (
      "timeout_sec = 60", "timeout = 60",
      "unknown key agent.timeout; the known keys of [agent] are timeout_sec"
    ),
    (
      "cpus = 1", "cpu = 1",
      "unknown key environment.cpu; the known keys of [environment] are cpus, memory_mb, network_mode, "
        + "storage_mb, workdir"
    ),
    (
      "timeout_sec = 60", "timeout_sec = \"60\"",
      "agent.timeout_sec must be a number, but is of type string"
    ),
    (
      "timeout_sec = 60", "timeout_sec = -1",
      "agent.timeout_sec must be above 0 and at most 1000000000.0, not -1.0"
    ),
    (
      "timeout_sec = 60", "timeout_sec = inf",
      "agent.timeout_sec must be above 0 and at most 1000000000.0, not inf"
    ),
    (
      "cpus = 1", "cpus = 1.5",
      "environment.cpus must be an integer, but is of type floating-point number"
    ),
    ("cpus = 1", "cpus = 0", "environment.cpus must be from 1 to 1024, not 0"),
    (
      "keywords = [\"python\"]", "keywords = \"python\"",
      "task.keywords must be an array of strings, but is of type string"
    ),
    (
      "keywords = [\"python\"]", "keywords = [1]",
      "task.keywords must be an array of strings, but is one that holds a value of type integer"
    ),
    ("{ GREETING = \"hello\" }", "{ GREETING = 1 }", "verifier.env.GREETING must be a string"),
    ("[task]", "task = 3\n[other]", "task must be a table, but is of type integer"),
    (
      "no-network", "offline",
      "environment.network_mode is \"offline\", but must be one of \"no-network\", \"public\", \"allowlist\""
    ),
    (
      "protected = [\"tests/**\"]", "protected = \"tests\"",
      "metadata.hindsight.protected must be an array of strings, but is of type string"
    ),
    (
      "hidden_test_command = \"python3 -m unittest discover -s hidden -t . -v\"", "",
      "missing key metadata.hindsight.hidden_test_command, and there is no tests/test.sh"
    ),
    (
      "\"tests.test_average.AverageTests.test_mean\"",
      "\"hidden.test_none.NoneTests.test_mean_of_none\"",
      "test \"hidden.test_none.NoneTests.test_mean_of_none\" is listed twice in fail_to_pass and pass_to_pass"
    ),
  ])
  func malformedKeys(old: String, new: String, message: String) async throws {
    let refusal = try await refusal { copy in
      try TaskFixtures.edit(copy.appending(path: "task.toml")) { text in
        text.replacing(old, with: new, maxReplacements: 1)
      }
    }
    #expect(refusal.hasSuffix(message), "\(refusal)")
    #expect(refusal.hasPrefix("mean-of-none/task.toml: "), "\(refusal)")
  }

  @Test func invalidTOMLNamesThePlace() async throws {
    let refusal = try await refusal { copy in
      try TaskFixtures.edit(copy.appending(path: "task.toml")) { "a = \n" + $0 }
    }
    #expect(refusal.hasPrefix("mean-of-none/task.toml:1:"), "\(refusal)")
    #expect(refusal.contains("not valid TOML"))
  }

  @Test func emptyAndBinaryFiles() async throws {
    for (file, contents, message) in [
      ("task.toml", Data(), "mean-of-none/task.toml: missing key schema_version"),
      ("task.toml", Data([0xFF, 0xFE, 0]), "mean-of-none/task.toml is not UTF-8 text"),
      ("instruction.md", Data(" \n".utf8), "mean-of-none/instruction.md is empty"),
    ] {
      let refusal = try await refusal { try contents.write(to: $0.appending(path: file)) }
      #expect(refusal == message)
    }
  }

  @Test(arguments: [
    ("task.toml", "mean-of-none/task.toml is missing"),
    ("instruction.md", "mean-of-none/instruction.md is missing"),
    ("environment", "mean-of-none/environment (the repository the agent works on) is missing"),
    ("tests", "mean-of-none/tests (the hidden tests) is missing"),
    (".", "mean-of-none is not a folder"),
  ])
  func missingFiles(name: String, message: String) async throws {
    let refusal = try await refusal { copy in
      let target = name == "." ? copy : copy.appending(path: name)
      try FileManager.default.removeItem(at: target)
    }
    #expect(refusal == message)
  }

  @Test(arguments: ["task.toml", "instruction.md"])
  func foldersInPlaceOfFiles(name: String) async throws {
    let refusal = try await refusal { copy in
      let file = copy.appending(path: name)
      try FileManager.default.removeItem(at: file)
      try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
    }
    #expect(refusal == "mean-of-none/\(name) is a folder; expected a file")
  }

  /// They would show another folder's files to the model, or to a script.
  @Test(arguments: [
    ("instruction.md", "can't be read; expected a file that is no link"),
    ("solution", "is a link; expected a folder"), ("tests", "is a link; expected a folder"),
  ])
  func linksInPlaceOfParts(name: String, expected: String) async throws {
    let refusal = try await refusal { copy in
      let moved = copy.deletingLastPathComponent().appending(path: "moved")
      try FileManager.default.moveItem(at: copy.appending(path: name), to: moved)
      try FileManager.default.createSymbolicLink(
        at: copy.appending(path: name), withDestinationURL: moved)
    }
    #expect(refusal == "mean-of-none/\(name) \(expected)")
  }

  @Test func noTests() async throws {
    let refusal = try await refusal { copy in
      try FileManager.default.removeItem(at: copy.appending(path: "tests/hidden"))
    }
    #expect(refusal == "mean-of-none/tests (the hidden tests) holds no files")
  }

  @Test(arguments: [
    ("/etc/passwd", true), ("../instruction.md", true), ("stats/../../x", true),
    ("up/../../x", true), ("average.py", false), ("stats/average.py", false), ("nowhere", false),
  ])
  func links(target: String, refused: Bool) async throws {
    let refusal = try await refusal { copy in
      try FileManager.default.createSymbolicLink(
        atPath: copy.appending(path: "environment/link").path(percentEncoded: false),
        withDestinationPath: target)
    }
    let message = "mean-of-none/environment/link is a link that leads outside environment"
    #expect(refusal == (refused ? message : ""))
  }

  @Test func linksThroughLinks() async throws {
    let refusal = try await refusal { copy in
      for (name, target) in [("stats/here", ".."), ("stats/out", "here/../instruction.md")] {
        try FileManager.default.createSymbolicLink(
          atPath: copy.appending(path: "environment/\(name)").path(percentEncoded: false),
          withDestinationPath: target)
      }
    }
    #expect(refusal.contains("stats/out is a link that leads outside"), "\(refusal)")
  }

  @Test func devices() async throws {
    let refusal = try await refusal { copy in
      #expect(mkfifo(copy.appending(path: "tests/pipe").path(percentEncoded: false), 0o600) == 0)
    }
    #expect(refusal == "mean-of-none/tests/pipe is neither a file, a folder nor a link")
  }
}
