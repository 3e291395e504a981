internal import Foundation
internal import Tools

/// Lays an instance of SWE-bench or SWE-smith out as a task's folder: plain files of the base commit,
/// without any history.
struct InstanceLayout: Sendable {
  let instance: SoftwareInstance
  let form: ImportForm
  let clones: LocalClones
  /// Runs the tests, instead of what their names say.
  let testCommand: String?
  let hasPytest: Bool

  func lay(out directory: URL) throws -> ImportedTask {
    if form == .smith, instance.failToPass.isEmpty || instance.passToPass.isEmpty {
      throw ImportRefusal(
        "its \(instance.failToPass.isEmpty ? "FAIL_TO_PASS" : "PASS_TO_PASS") is empty: an instance of "
          + "SWE-smith is valid only with a test in each list")
    }
    let names = TestNames(
      failToPass: instance.failToPass, passToPass: instance.passToPass, hasPytest: hasPytest)
    guard let command = testCommand ?? names.command else {
      throw ImportRefusal(
        instance.failToPass.allSatisfy { $0.contains(".py::") }
          ? "its tests need pytest, which isn't installed (Debian's python3-pytest)"
          : "the names of its tests don't say how to run them: give --test-command")
    }
    let folder = directory.appending(path: "recorder")
    defer { try? FileManager.default.removeItem(at: folder) }
    let recorder = try Recorder(at: folder.plainPath)
    let source = try clones.source(of: instance.repository, commit: instance.baseCommit)
    let base = try Workspace.materialize(
      source, recorder: recorder, name: "base",
      at: directory.appending(path: "environment").plainPath)
    let tests = try base.fork(
      from: base.base, name: "tests", at: directory.appending(path: "tested").plainPath)
    defer { try? tests.remove() }
    try tests.apply("test_patch", instance.testPatch)
    let tested = try tests.commit("tests")

    let solution: [UInt8]
    if form == .smith {
      try base.apply("patch", instance.patch)
      solution = try recorder.diff(from: try base.commit("bug"), to: base.base)
    } else {
      solution = Array(UnifiedPatch.git(instance.patch).utf8)
    }
    let changed = try recorder.changedPaths(from: base.base, to: tested).map(\.path)
    let hidden = Set(names.files + changed).filter { path in
      FileManager.default.fileExists(atPath: "\(tests.path)/\(path)")
    }.sorted()
    try copy(hidden.isEmpty ? testFiles(in: tests.path) : hidden, of: tests.path, to: directory)
    let solutionFolder = directory.appending(path: "solution")
    try FileManager.default.createDirectory(at: solutionFolder, withIntermediateDirectories: true)
    try Data(solution).write(to: solutionFolder.appending(path: "fix.patch"))

    // Where the base has them, the agent may run the same tests.
    let isVisible = names.files.allSatisfy {
      FileManager.default.fileExists(atPath: "\(base.path)/\($0)")
    }
    return ImportedTask(
      id: ImportedTask.identifier(instance.id),
      repository: ImportedTask.identifier(instance.repository), language: try language(solution),
      summary: "\(instance.id) of \(instance.repository).", bug: form.rawValue,
      instruction: instance.statement.contains { !$0.isWhitespace } ? instance.statement : nil,
      testCommand: isVisible ? command : "python3 -m unittest discover -v",
      hiddenTestCommand: command, failToPass: names.failToPass, passToPass: names.passToPass,
      protected: hidden.map { "/" + $0 }, directory: directory)
  }

  private func language(_ patch: [UInt8]) throws(ImportRefusal) -> RepairTask.Language {
    var endings: [String] = []
    for line in TextLines.split(String(decoding: patch, as: UTF8.self))
    where line.hasPrefix("+++ b/") {
      endings.append(line.split(separator: ".").last.map(String.init) ?? "")
    }
    for (language, known) in [
      (RepairTask.Language.python, ["py"]), (.c, ["c", "h"]), (.shell, ["sh", "bash"]),
    ] where endings.contains(where: known.contains) {
      return language
    }
    throw ImportRefusal("its patch changes neither Python nor C nor a shell's script")
  }

  private func testFiles(in root: String) throws(ImportRefusal) -> [String] {
    let found = WorkTreeListing.files(in: root).filter { path in
      RepairTask.standardProtectedPaths.contains { $0.matches(path) }
    }
    guard !found.isEmpty else { throw ImportRefusal("no file of its repository looks like a test") }
    return found
  }

  private func copy(_ paths: [String], of root: String, to directory: URL) throws {
    for path in paths {
      let place = directory.appending(path: "tests/\(path)")
      try FileManager.default.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: "\(root)/\(path)", toPath: place.plainPath)
    }
  }
}

extension Workspace {
  /// Nothing for an empty patch.
  fileprivate func apply(_ key: String, _ patch: String) throws {
    guard patch.contains(where: { !$0.isWhitespace }) else { return }
    do throws(ToolsError) {
      try apply(Array(UnifiedPatch.git(patch).utf8))
    } catch {
      guard error.kind == .patch else { throw error }
      throw ImportRefusal("its \(key) doesn't apply: \(Printable.line(error.description))")
    }
  }
}
