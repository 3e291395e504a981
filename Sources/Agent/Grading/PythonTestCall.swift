/// A command that does nothing but run Python's unittest or pytest, so that a program of ours can stand in for it
/// (``ReportChannel``): no pipes, substitutions or second commands.
package struct PythonTestCall {
  enum Runner: String {
    case unittest, pytest

    var source: String {
      ReportChannel.source + (self == .unittest ? UnittestRunner.source : PytestRunner.source)
    }

    var fileName: String { "run_\(rawValue).py" }
  }

  let runner: Runner
  /// `NAME=value` before the command.
  let variables: [String: String]
  /// Python, or the script `pytest`, whose first line names its Python.
  private let program: String
  /// Whether Python was told the runner by `-m`, which puts the folder it is called in on its path.
  private let isModule: Bool
  /// What follows the runner's name.
  package let arguments: [String]

  /// Nil if the command is anything else.
  package init?(_ command: String) {
    guard var words = ShellWords.split(command) else { return nil }
    var variables: [String: String] = [:]
    while let word = words.first, ShellWords.isAssignment(word) {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      variables[String(parts[0])] = String(parts[1])
      words.removeFirst()
    }
    guard let program = words.first else { return nil }
    words.removeFirst()
    self.variables = variables
    self.program = program
    // A script in the repository could be the agent's own.
    if program == "pytest" || program.hasPrefix("/") && program.hasSuffix("/pytest") {
      runner = .pytest
      isModule = false
      arguments = words
      return
    }
    guard Self.isPython(program) else { return nil }
    while let flag = words.first, flag.hasPrefix("-"), flag != "-m" {
      guard flag.dropFirst().allSatisfy({ "bBEsIuPS".contains($0) }) else { return nil }
      words.removeFirst()
    }
    guard words.first == "-m", let runner = words.dropFirst().first.flatMap(Runner.init) else {
      return nil
    }
    self.runner = runner
    isModule = true
    arguments = Array(words.dropFirst(2))
  }

  private static func isPython(_ word: String) -> Bool {
    let name = word.split(separator: "/").last.map(String.init) ?? word
    guard name.hasPrefix("python") else { return false }
    return name.dropFirst(6).allSatisfy { $0.isNumber || $0 == "." }
  }

  /// The call of our program.
  ///
  /// - Parameters:
  ///   - file: where it lies.
  ///   - channel: the folder that it reports through.
  func command(file: String, channel: String) -> [String] {
    var words = ["-s", "-B", file, channel]
    if runner == .pytest {
      words.append(isModule ? "module" : "script")
    }
    words += arguments
    guard !isModule else { return [program] + words }
    let ofScript = #"""
      read -r line <"$(command -v "$0")"
      case $line in '#!'*python*) ;; *) line='#!python3' ;; esac
      exec ${line#??} "$@"
      """#
    return ["bash", "-c", ofScript, program] + words
  }
}
