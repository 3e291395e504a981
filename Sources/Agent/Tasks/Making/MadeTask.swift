internal import Foundation
internal import Tools

/// A task that is about to be written: its files by path within the task's folder.
struct MadeTask: Sendable {
  var id: String
  var split: RepairTask.Split
  var origin: TaskOrigin
  var files: [String: String]
}

extension MadeTask {
  /// A task from a candidate that was found in a package.
  init(
    id: String, candidate: MakingResult.Candidate, subject: MakingResult.Subject,
    package: SourceList.Package, seed: Int, choice: Int
  ) {
    let title = Self.words(subject.title.isEmpty ? subject.id : subject.title)
    let ids = { (name: String) in "hidden.test_\(title).\(candidate.class).\(name)" }
    origin = TaskOrigin(
      package: package.name, version: package.version, path: subject.path,
      function: candidate.function, mutation: candidate.operator, seed: seed,
      difficulty: TaskOrigin.Difficulty(
        lines: subject.lines, sites: subject.nodes, distance: candidate.distance))
    let layout = TaskLayout(
      id: id, repository: package.name, split: package.split, language: .python,
      summary: "\(candidate.function) of \(package.name) gives wrong results.",
      bug: candidate.operator, madeBy: "hindsight tasks make", origin: origin,
      failToPass: candidate.failing.map { ids($0.test) }, passToPass: candidate.passing.map(ids))
    self.id = id
    split = package.split
    files = [
      "task.toml": layout.toml,
      "instruction.md": IssueText(candidate: candidate, subject: subject, choice: choice).text,
      "solution/fix.patch": candidate.patch,
      "environment/tests/__init__.py": "",
      "environment/tests/test_\(title).py": candidate.visibleTests,
      "tests/hidden/__init__.py": "",
      "tests/hidden/test_\(title).py": candidate.hiddenTests,
    ]
    for (path, text) in subject.files { files["environment/\(path)"] = text }
    files["environment/\(subject.path)"] = candidate.mutated
  }

  /// Letters, digits and single underscores, small.
  static func words(_ text: String, separator: String = "_") -> String {
    text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
      .joined(separator: separator)
  }

  /// Whether the folder holds exactly these files.
  func isWritten(in folder: URL) -> Bool {
    WorkTreeListing.files(in: folder.plainPath).count == files.count
      && files.allSatisfy {
        (try? Data(contentsOf: folder.appending(path: $0.key))) == Data($0.value.utf8)
      }
  }

  /// Writes the folder aside, proves that it loads and that its patch heals it, and moves it into place.
  ///
  /// - Parameter sound: the changed file as it was.
  /// - Returns: why the task was left out, or nil if it's there now.
  func write(to folder: URL, staging: URL, sound: String) throws -> String? {
    let place = staging.appending(path: id)
    let manager = FileManager.default
    if manager.fileExists(atPath: place.plainPath) { try manager.removeItem(at: place) }
    for (path, text) in files {
      let file = place.appending(path: path)
      try manager.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    if let problem = try problem(at: place, sound: sound) {
      try manager.removeItem(at: place)
      return problem
    }
    if manager.fileExists(atPath: folder.plainPath) { try manager.removeItem(at: folder) }
    try manager.moveItem(at: place, to: folder)
    return nil
  }

  private func problem(at place: URL, sound: String) throws -> String? {
    let task: RepairTask
    do {
      task = try RepairTask(directory: place)
    } catch {
      return "the task can't be loaded"
    }
    let patch = Array((files["solution/fix.patch"] ?? "").utf8)
    if TaskValidator.gives(away: patch, in: task.instruction) {
      return "the instruction contains the solution's text"
    }
    let checkout = try Checkout(of: task)
    defer { checkout.remove() }
    do {
      guard try checkout.apply(patch).isEmpty else { return "the patch touches protected paths" }
    } catch {
      guard error.kind == .patch else { throw error }
      return "the reverse patch doesn't apply"
    }
    let healed = try? Data(
      contentsOf: URL(filePath: checkout.workspace.path).appending(path: origin.path))
    return healed == Data(sound.utf8) ? nil : "the reverse patch doesn't heal it"
  }
}
