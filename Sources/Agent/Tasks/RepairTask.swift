public import Foundation
internal import Tools

/// A repository with a bug, what to do about it in words, and the tests that decide whether it is mended.
///
/// On disk it is a folder in Harbor's layout: `task.toml`, `instruction.md`, `environment/` (the repository as
/// the agent gets it), `tests/` (hidden, copied over the repository's root by the grader) and `solution/`.
/// Tasks are equal if their ids are.
public struct RepairTask: Sendable, Hashable, Identifiable {
  public enum Language: String, Sendable, Codable, CaseIterable {
    case python, c, shell
  }

  /// Which part of the experiment a task belongs to; a repository is wholly in one.
  public enum Split: String, Sendable, Codable, CaseIterable {
    case train
    case heldOut = "held-out"
  }

  public enum NetworkMode: String, Sendable, Codable, CaseIterable {
    case none = "no-network"
    case `public` = "public"
    case allowlist = "allowlist"
  }

  /// The reference solution: a patch in `git diff`'s form, or `solution/solve.sh`, run in the workspace's root.
  public enum Solution: Sendable, Equatable {
    case patch(URL)
    case script
  }

  /// The folder's name.
  public let id: String
  public let directory: URL
  /// "organisation/name".
  public let name: String
  public let summary: String
  public let keywords: [String]
  /// `instruction.md`: what the agent is asked to do.
  public let instruction: String

  public let language: Language
  /// What kind of bug it is, in a word or two: "off-by-one".
  public let bug: String
  public let split: Split
  /// The small repository the task is made from; several tasks may share one.
  public let repository: String
  /// Runs the visible tests in the workspace's root; a shell command.
  public let testCommand: String
  /// Runs the hidden tests once `tests/` lies over the workspace; without it `tests/test.sh` does.
  public let hiddenTestCommand: String?
  /// Tests, by canonical id, that fail before a correct change and pass after it.
  public let failToPass: [String]
  /// Tests, by canonical id, that pass before and after a correct change.
  public let passToPass: [String]
  /// The paths that the agent's changes are not taken from: those the task declares, what
  /// only the hidden tests bring along, and ``standardProtectedPaths``.
  public let protectedPaths: [PathPattern]
  public let madeBy: String
  /// Where the bug comes from, if a program made it.
  public let origin: TaskOrigin?
  /// How hard its author finds it, in a word.
  public let difficulty: String?
  /// Where the reference solution is, if the folder has one.
  public let solution: Solution?

  /// Seconds an agent may take, if the task says so.
  public let agentTimeout: Double?
  /// Seconds one run of the tests may take.
  public var verifierTimeout: Double
  /// Variables the tests are run with.
  public let verifierEnvironment: [String: String]
  public let cpus: Int?
  public let memoryMegabytes: Int?
  public let storageMegabytes: Int?
  public let networkMode: NetworkMode
  /// Where Harbor's images put the repository. Our workspaces are anywhere; its scripts see them there too.
  public let workdir: String?

  /// Where an agent and `tests/test.sh` see the repository besides; commands of our own form know one place only.
  var otherPlace: String? {
    hiddenTestCommand == nil && workdir != Sandbox.workspacePath ? workdir : nil
  }

  /// The repository as the agent gets it.
  public var environmentDirectory: URL { directory.appending(path: "environment") }
  /// The hidden tests.
  public var testsDirectory: URL { directory.appending(path: "tests") }

  /// The top-level names that only the hidden tests bring along.
  let hiddenEntries: [String]

  /// Whether a change to this path, relative to the repository's root, is left out of grading.
  public func isProtected(_ path: String) -> Bool {
    protectedPaths.contains { $0.matches(path) }
  }

  public static func == (left: RepairTask, right: RepairTask) -> Bool { left.id == right.id }

  public func hash(into hasher: inout Hasher) { hasher.combine(id) }

  /// Test files, and files by which a program under test could reach into its runner: what Python
  /// imports by itself or instead of its own library, and what configures a runner.
  public static let standardProtectedPaths: [PathPattern] = [
    "tests", "test", "test_*.py", "*_test.py", "conftest.py", "sitecustomize.py",
    "usercustomize.py", "unittest.py", "unittest", "pytest.py", "_pytest", "pytest.ini",
    ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "*.pth", "*.pyc", "__pycache__",
    "*.dist-info", "*.egg-info",
  ].map(PathPattern.init)

  /// Loads and checks a task's folder.
  ///
  /// - Throws: ``TaskError`` if a file is missing, a key is unknown, missing or of the wrong type, there
  ///   are no tests, or the repository holds a link that leads outside or a device.
  public init(directory: URL) throws(TaskError) {
    let directory = directory.standardizedFileURL
    self.directory = directory
    id = directory.lastPathComponent
    let folder = TaskFolder(directory)
    try folder.checkLayout()
    let file = "\(folder.shown)/task.toml"
    var root = try TOMLReader(text: try folder.text("task.toml"), file: file)
    let version = try root.required("schema_version")
    guard version == "1.4" else {
      throw TaskError("\(file): schema_version is \"\(version)\", but must be \"1.4\"")
    }
    var task = try root.table("task")
    name = try task.required("name")
    summary = try task.string("description") ?? ""
    keywords = try task.strings("keywords") ?? []
    try task.finish()

    var agent = try root.table("agent")
    agentTimeout = try agent.positiveSeconds("timeout_sec")
    try agent.finish()
    var verifier = try root.table("verifier")
    verifierTimeout = try verifier.positiveSeconds("timeout_sec") ?? 600
    verifierEnvironment = try verifier.stringTable("env")
    try verifier.finish()
    var environment = try root.table("environment")
    cpus = try environment.positiveInteger("cpus", limit: 1024)
    memoryMegabytes = try environment.positiveInteger("memory_mb", limit: 1 << 30)
    storageMegabytes = try environment.positiveInteger("storage_mb", limit: 1 << 30)
    networkMode = try environment.choice("network_mode", of: NetworkMode.self) ?? .none
    workdir = try environment.string("workdir")
    try environment.finish()

    var metadata = try root.table("metadata")
    var ours = try metadata.table("hindsight")
    guard ours.exists else { throw TaskError("\(file): missing table [metadata.hindsight]") }
    guard let language = try ours.choice("language", of: Language.self) else {
      throw TaskError("\(file): missing key metadata.hindsight.language")
    }
    self.language = language
    guard let split = try ours.choice("split", of: Split.self) else {
      throw TaskError("\(file): missing key metadata.hindsight.split")
    }
    self.split = split
    bug = try ours.required("bug")
    repository = try ours.required("repository")
    testCommand = try ours.required("test_command")
    hiddenTestCommand = try ours.string("hidden_test_command")
    failToPass = try ours.strings("fail_to_pass") ?? []
    passToPass = try ours.strings("pass_to_pass") ?? []
    hiddenEntries = folder.hiddenOnlyEntries
    protectedPaths =
      ((try ours.strings("protected") ?? []) + hiddenEntries.map { "/" + $0 })
      .map(PathPattern.init) + Self.standardProtectedPaths
    madeBy = try ours.string("made_by") ?? ""
    difficulty = try ours.string("difficulty")
    var made = try ours.table("made")
    origin = try TaskOrigin(&made)
    try ours.finish()
    try root.finish()
    try Self.checkTests(file, failToPass, passToPass, command: hiddenTestCommand, folder)
    instruction = try folder.text("instruction.md")
    guard !instruction.allSatisfy(\.isWhitespace) else {
      throw TaskError("\(folder.shown)/instruction.md is empty")
    }
    solution = folder.solution
  }

  private static func checkTests(
    _ file: String, _ failToPass: [String], _ passToPass: [String], command: String?,
    _ folder: TaskFolder
  ) throws(TaskError) {
    let scripted = folder.has("tests/test.sh")
    guard command != nil || scripted else {
      throw TaskError(
        "\(file): missing key metadata.hindsight.hidden_test_command, and there is no tests/test.sh"
      )
    }
    guard !failToPass.isEmpty || (command == nil && scripted) else {
      throw TaskError("\(file): metadata.hindsight.fail_to_pass names no test")
    }
    var seen: Set<String> = []
    for id in failToPass + passToPass where !seen.insert(id).inserted {
      throw TaskError("\(file): test \"\(id)\" is listed twice in fail_to_pass and pass_to_pass")
    }
  }
}
