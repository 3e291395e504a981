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
    let names = try TestNames(
      failToPass: instance.failToPass, passToPass: instance.passToPass, hasPytest: hasPytest)
    let folder = directory.appending(path: "recorder")
    defer { try? FileManager.default.removeItem(at: folder) }
    let recorder = try Recorder(at: folder.plainPath)
    let base = try base(recorder, at: directory.appending(path: "environment").plainPath)
    let (buggy, sound) = try states(of: base)
    let tests = try base.fork(
      from: sound, name: "tests", at: directory.appending(path: "tested").plainPath)
    defer { try? tests.remove() }
    try patched("test_patch") { try tests.apply(Self.patch(instance.testPatch)) }
    let added = try recorder.changedPaths(from: sound, to: try tests.commit("tests")).map(\.path)
    let solved = try recorder.changedPaths(from: buggy, to: sound).map(\.path)

    let has = { (path: String) in
      TaskFolder.leads("\(tests.path)/\(path)", below: tests.path) == true
    }
    let command = try command(names, added: added.filter(has), in: tests.path)
    // Of what the solution changes only tests are: it has them as it leaves them. And doctests mustn't keep a source
    // from being changed.
    let listed = command.files.filter { Self.isTest($0) || !names.doctested.contains($0) }
    let hidden = Set(listed + added + solved.filter(Self.isTest)).filter { path in
      has(path) && (Self.isTest(path) || !solved.contains(path))
    }.sorted()
    try copy(hidden.isEmpty ? testFiles(in: tests.path) : hidden, of: tests.path, to: directory)
    try write(solution: try recorder.diff(from: buggy, to: sound), to: directory)

    let commands = { (isPlain: Bool) in
      (
        test: command.visible(in: base.path, isPlain: isPlain) ?? ImportedTask.noVisibleTests,
        hidden: command.text(isPlain: isPlain)
      )
    }
    let own = testCommand.map { (test: $0, hidden: $0) } ?? commands(false)
    return ImportedTask(
      id: ImportedTask.identifier(instance.id),
      repository: ImportedTask.identifier(instance.repository),
      language: try language(names, solved),
      summary: "\(instance.id) of \(instance.repository).", bug: form.rawValue,
      instruction: instance.statement.contains { !$0.isWhitespace } ? instance.statement : nil,
      testCommand: own.test, hiddenTestCommand: own.hidden, failToPass: names.failToPass,
      passToPass: names.passToPass, protected: hidden.map { "/" + $0 }, directory: directory,
      withoutOptions: testCommand == nil && names.runner == .pytest ? commands(true) : nil)
  }

  /// The work tree of the base commit.
  private func base(_ recorder: Recorder, at place: String) throws -> Workspace {
    var sources = try clones.sources(of: instance.repository, commit: instance.baseCommit)
    let last = sources.removeLast()
    for source in sources {
      let base = try? Workspace.materialize(source, recorder: recorder, name: "base", at: place)
      if let base { return base }
    }
    return try Workspace.materialize(last, recorder: recorder, name: "base", at: place)
  }

  /// The repository with the bug, which is left in the work tree, and without it.
  private func states(of base: Workspace) throws -> (buggy: Snapshot, sound: Snapshot) {
    try patched("patch") {
      let patch = Self.patch(instance.patch)
      guard form == .smith else {
        return (base.base, try base.recorder.record(patch, onto: base.base, message: "solution"))
      }
      try base.apply(patch)
      return (try base.commit("bug"), base.base)
    }
  }

  /// In git's form; empty for blank text.
  private static func patch(_ text: String) -> [UInt8] {
    text.contains { !$0.isWhitespace } ? Array(UnifiedPatch.git(text).utf8) : []
  }

  private func patched<Value>(_ key: String, _ apply: () throws -> Value) throws -> Value {
    do {
      return try apply()
    } catch let error as ToolsError where error.kind == .patch {
      throw ImportRefusal("its \(key) doesn't apply: \(Printable.line(error.description))")
    }
  }

  /// - added: files that the test_patch changes. Where the names are no more than functions', as SymPy's are, they
  ///   are in those.
  private func command(
    _ names: TestNames, added: [String], in root: String
  ) throws(ImportRefusal) -> TestCommand {
    let isListed = !instance.failToPass.isEmpty || !instance.passToPass.isEmpty
    var wanted = names.targets
    if isListed, wanted.isEmpty, names.runner == .pytest {
      wanted = added.filter { path in
        Self.isTest(path) && path.hasSuffix(".py") && !path.hasSuffix("__init__.py")
          && !path.hasSuffix("conftest.py")
      }
    }
    let command = TestCommand(names.runner, wanted, in: root)
    guard testCommand == nil, isListed else { return command }
    guard let first = wanted.first else {
      throw ImportRefusal(
        names.nameFiles
          ? ImportedTask.needsPytest
          : "the names of its tests don't say how to run them: give --test-command")
    }
    guard !command.files.isEmpty else {
      throw ImportRefusal("its repository has none of its tests: no \(Printable.line(first))")
    }
    return command
  }

  private static func isTest(_ path: String) -> Bool {
    RepairTask.standardProtectedPaths.contains { $0.matches(path) }
  }

  private func language(
    _ names: TestNames, _ changed: [String]
  ) throws(ImportRefusal) -> RepairTask.Language {
    if testCommand == nil || names.nameFiles { return .python }
    let endings = changed.map { $0.split(separator: ".").last.map(String.init) ?? "" }
    for (language, known) in [
      (RepairTask.Language.python, ["py"]), (.c, ["c", "h"]), (.shell, ["sh", "bash"]),
    ] where endings.contains(where: known.contains) {
      return language
    }
    guard names.targets.isEmpty else { return .python }
    throw ImportRefusal("its patch changes neither Python nor C nor a shell's script")
  }

  private func testFiles(in root: String) throws(ImportRefusal) -> [String] {
    let found = WorkTreeListing.files(in: root).filter(Self.isTest)
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

  private func write(solution: [UInt8], to directory: URL) throws {
    let folder = directory.appending(path: "solution")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(solution).write(to: folder.appending(path: "fix.patch"))
  }
}
