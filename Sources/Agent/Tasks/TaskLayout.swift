internal import LanguageModel

/// A task's `task.toml`, in the form that the tasks made by hand have.
struct TaskLayout {
  var id: String
  /// "organisation/name"; nil for ours.
  var name: String?
  var repository: String
  var split: RepairTask.Split
  var language: RepairTask.Language
  var summary: String
  /// What kind of bug it is, in a word or two.
  var bug: String
  var madeBy: String
  /// Where a program made the bug, and how.
  var origin: TaskOrigin?
  var testCommand = "python3 -m unittest discover -s tests -t . -v"
  /// Nil where tests/test.sh runs them.
  var hiddenTestCommand: String? = "python3 -m unittest discover -s hidden -t . -v"
  var failToPass: [String]
  var passToPass: [String]
  var protected = ["tests/**", "hidden/**"]
  /// Seconds of a run of the tests.
  var timeout = 60
  var memoryMegabytes = 512
  var storageMegabytes = 256
  var carried = Carried()

  /// What another set's task says besides, taken over as it is.
  struct Carried: Sendable {
    var keywords: [String]?
    /// The table `[metadata]` but for ours, as TOML; empty for none.
    var metadata = ""
    /// Seconds that an agent may take.
    var agentTimeout: Double?
    /// Variables that the tests are run with.
    var verifierEnvironment: [String: String] = [:]
    /// Where scripts expect the repository.
    var workdir: String?
  }

  var toml: String {
    let keywords = carried.keywords ?? [language.rawValue, repository, bug]
    return """
      schema_version = "1.4"

      [task]
      name = \(JSONText.quoted(name ?? "hindsight/\(id)"))
      description = \(JSONText.quoted(summary))
      keywords = [\(keywords.map(JSONText.quoted).joined(separator: ", "))]
      \(carried.metadata)
      [metadata.hindsight]
      language = \(JSONText.quoted(language.rawValue))
      repository = \(JSONText.quoted(repository))
      split = \(JSONText.quoted(split.rawValue))
      bug = \(JSONText.quoted(bug))
      \(line("difficulty", origin?.difficulty.word))\
      test_command = \(JSONText.quoted(testCommand))
      \(line("hidden_test_command", hiddenTestCommand))\
      fail_to_pass = \(Self.list(failToPass))
      pass_to_pass = \(Self.list(passToPass))
      protected = [\(protected.map(JSONText.quoted).joined(separator: ", "))]
      made_by = \(JSONText.quoted(madeBy))
      \(made)
      [agent]
      timeout_sec = \(carried.agentTimeout ?? 120.0)

      [verifier]
      timeout_sec = \(timeout).0
      \(verifierEnvironment)
      [environment]
      cpus = 1
      memory_mb = \(memoryMegabytes)
      storage_mb = \(storageMegabytes)
      network_mode = "no-network"
      workdir = \(JSONText.quoted(carried.workdir ?? "/workspace"))

      """
  }

  private func line(_ key: String, _ value: String?) -> String {
    value.map { "\(key) = \(JSONText.quoted($0))\n" } ?? ""
  }

  private var verifierEnvironment: String {
    guard !carried.verifierEnvironment.isEmpty else { return "" }
    let lines = carried.verifierEnvironment.sorted { $0.key < $1.key }.map { name, value in
      "\(JSONText.quoted(name)) = \(JSONText.quoted(value))\n"
    }
    return "\n[verifier.env]\n" + lines.joined()
  }

  private var made: String {
    guard let origin else { return "" }
    return """

      [metadata.hindsight.made]
      package = \(JSONText.quoted(origin.package))
      version = \(JSONText.quoted(origin.version))
      path = \(JSONText.quoted(origin.path))
      function = \(JSONText.quoted(origin.function))
      operator = \(JSONText.quoted(origin.mutation))
      seed = \(origin.seed)
      lines = \(origin.difficulty.lines)
      sites = \(origin.difficulty.sites)
      distance = \(origin.difficulty.distance)

      """
  }

  private static func list(_ strings: [String]) -> String {
    "[\n" + strings.map { "  \(JSONText.quoted($0)),\n" }.joined() + "]"
  }
}
