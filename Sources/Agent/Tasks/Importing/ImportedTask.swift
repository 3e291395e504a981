internal import Foundation
internal import Tools

/// A task from elsewhere, laid out in a staging folder: `environment/`, `tests/`, and perhaps
/// `solution/` stand there already; nothing has been proved yet.
struct ImportedTask: Sendable {
  var id: String
  var repository: String
  var language: RepairTask.Language
  var summary: String
  var bug: String
  /// What the agent is told; nil where failing tests are all that is known.
  var instruction: String?
  var testCommand: String
  /// Nil where `tests/test.sh` decides.
  var hiddenTestCommand: String?
  /// As the set lists them; none where trying has to find them.
  var failToPass: [String]
  var passToPass: [String]
  var protected: [String]
  var directory: URL
  /// What the set itself says of name and limits; nil where it says nothing.
  var name: String?
  /// Seconds of a run of the tests.
  var timeout: Int?
  var memoryMegabytes: Int?
  var storageMegabytes: Int?
  var carried = TaskLayout.Carried()
  /// Writes the test files anew without the hidden tests with these ids, which fail after the solution too; nil
  /// where the files are to stay as they are.
  var leaveOut: (@Sendable (Set<String>) throws -> Void)?
  /// The commands without the options in the repository's own configuration, where those could be why no test is
  /// reported.
  var withoutOptions: (test: String, hidden: String)?

  static let noVisibleTests = "echo There are no visible tests."
  static let needsPytest =
    "its tests need pytest, which isn't installed (Debian's python3-pytest)"

  /// Letters, digits, dots, dashes and underscores, not beginning with a dot: a folder's name.
  static func identifier(_ text: String) -> String {
    let kept = text.map { character in
      character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
        ? character : "-"
    }
    let name = String(String(kept).drop { $0 == "." || $0 == "-" }.prefix(120))
    return name.isEmpty ? "task" : name
  }
}

extension ImportedTask {
  /// Writes `solution/fix.patch`: what turns files of the environment into the given texts.
  static func writeSolution(
    of environment: URL, changing texts: [String: String], in directory: URL
  ) throws {
    let folder = directory.appending(path: "recorder")
    defer { try? FileManager.default.removeItem(at: folder) }
    let work = directory.appending(path: "solved")
    let workspace = try Workspace.materialize(
      .folder(environment.plainPath), recorder: try Recorder(at: folder.plainPath),
      name: "solution",
      at: work.plainPath)
    defer { try? workspace.remove() }
    for (path, text) in texts { try Data(text.utf8).write(to: work.appending(path: path)) }
    let patch = try workspace.diff(from: workspace.base, to: try workspace.commit("solve"))
    let place = directory.appending(path: "solution")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    try Data(patch).write(to: place.appending(path: "fix.patch"))
  }
}

/// Why an instance becomes no task, or has no solution that proves it, in a sentence.
package struct ImportRefusal: Error, CustomStringConvertible {
  package var description: String

  init(_ description: String) { self.description = description }
}
