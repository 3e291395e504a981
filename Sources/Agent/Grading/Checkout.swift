internal import Foundation
internal import Tools

/// A fresh copy of a task's repository in a temporary folder, with a change applied and test files
/// put in place; nothing runs in it meanwhile.
struct Checkout {
  let folder: TemporaryFolder
  let workspace: Workspace
  private let task: RepairTask
  private let recorder: Recorder

  /// Writes out the task's base state.
  init(of task: RepairTask) throws(ToolsError) {
    self.task = task
    folder = try TemporaryFolder("grade")
    do {
      recorder = try Recorder(at: folder.path("recorder"))
      workspace = try Workspace.materialize(
        .folder(task.environmentDirectory.plainPath), recorder: recorder, name: "grade",
        at: folder.path("workspace"))
    } catch {
      folder.remove()
      throw error
    }
  }

  /// Applies the patch, then puts every protected path back to its base state.
  ///
  /// - Returns: the protected paths that the patch touched, sorted.
  /// - Throws: an error of kind `patch` if it doesn't apply.
  func apply(_ patch: [UInt8]) throws(ToolsError) -> [String] {
    guard !patch.allSatisfy({ $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: " ") }) else {
      return []
    }
    try workspace.apply(patch)
    let changed = try workspace.commit("apply the change")
    let touched = try workspace.changedPaths(from: workspace.base, to: changed)
      .filter { task.isProtected($0.path) }
    for path in touched { try remove(path.bytes) }
    for path in touched where path.change != .added {
      let source = task.environmentDirectory.appending(path: path.path)
      try place(source.plainPath, at: path.path)
    }
    return touched.map(\.path).sorted()
  }

  /// Copies the hidden tests over the repository's root.
  func placeHiddenTests() throws(ToolsError) {
    let root = task.testsDirectory.plainPath
    guard let paths = FileManager.default.enumerator(atPath: root) else {
      throw ToolsError(.file, "the hidden tests in \(root) can't be read")
    }
    while let path = paths.nextObject() as? String {
      if paths.fileAttributes?[.type] as? FileAttributeType == .typeDirectory { continue }
      try place("\(root)/\(path)", at: path)
    }
  }

  /// A program among the hidden tests that isn't any more as the task has it, if there is one: what is loaded first
  /// can rewrite what is loaded later.
  func alteredTest() -> String? {
    let root = task.testsDirectory.plainPath
    let programs = WorkTreeListing.files(in: root).filter { path in
      [".py", ".c", ".h", ".sh"].contains { path.hasSuffix($0) }
    }
    return programs.first {
      guard let placed = RegularFile.contents(of: "\(root)/\($0)") else { return false }
      return RegularFile.contents(of: "\(workspace.path)/\($0)") != placed
    }
  }

  /// Whether the temporary folder's disk has less than a megabyte left.
  static var diskIsFull: Bool {
    let folder = FileManager.default.temporaryDirectory.plainPath
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
    guard let free = attributes?[.systemFreeSize] as? NSNumber else { return false }
    return free.int64Value < 1 << 20
  }

  /// A line (from 1) of a file as the change left it, or of a test as the task has it; nil if there is none.
  /// Nothing is read from the work tree, which the tests could write to.
  func line(_ number: Int, of path: String, isTest: Bool) -> String? {
    guard number >= 1, let bytes = isTest ? test(path) : contents(of: path) else { return nil }
    let lines = bytes.split(
      separator: UInt8(ascii: "\n"), maxSplits: number, omittingEmptySubsequences: false)
    return lines.count >= number
      ? String(decoding: lines[number - 1].prefix(1_000), as: UTF8.self) : nil
  }

  private func test(_ path: String) -> [UInt8]? {
    guard !path.split(separator: "/").contains("..") else { return nil }
    let hidden = task.testsDirectory.appending(path: path)
    if let data = try? Data(contentsOf: hidden) { return Array(data) }
    return (try? recorder.contents(of: path, in: workspace.base)) ?? nil
  }

  /// The repository's own files as the change left them, those of a reasonable size. Files that the change
  /// adds aren't among them.
  func ownSources(isTest: (String) -> Bool) -> [(path: String, text: String)] {
    let files = WorkTreeListing.files(in: task.environmentDirectory.plainPath)
    return files.prefix(Self.searchedFiles).compactMap { path in
      guard !isTest(path), let bytes = contents(of: path), bytes.count <= Self.searchedBytes else {
        return nil
      }
      return (path, String(decoding: bytes, as: UTF8.self))
    }
  }

  private static let searchedFiles = 400
  private static let searchedBytes = 256 << 10

  private func contents(of path: String) -> [UInt8]? {
    (try? recorder.contents(of: path, in: workspace.head)) ?? nil
  }

  func remove() {
    try? workspace.remove()
    folder.remove()
  }

  /// Copies a file or link to a path of the workspace. Whatever stands where a folder belongs is removed
  /// first: a link left there by the change would lead the copy out of the workspace.
  private func place(_ source: String, at path: String) throws(ToolsError) {
    let files = FileManager.default
    var parent = workspace.path
    do {
      for part in path.split(separator: "/").dropLast() {
        parent += "/\(part)"
        let type = try? files.attributesOfItem(atPath: parent)[.type] as? FileAttributeType
        if type == .typeDirectory { continue }
        if type != nil { try files.removeItem(atPath: parent) }
        try files.createDirectory(atPath: parent, withIntermediateDirectories: false)
      }
      let target = "\(workspace.path)/\(path)"
      if (try? files.attributesOfItem(atPath: target)) != nil {
        try files.removeItem(atPath: target)
      }
      try files.copyItem(atPath: source, toPath: target)
    } catch {
      throw ToolsError(
        .file, "\(path) can't be put into the grading workspace: \(error.localizedDescription)")
    }
  }

  /// Removes a file by its name's bytes; one that is gone already is fine.
  private func remove(_ path: [UInt8]) throws(ToolsError) {
    var name = Array("\(workspace.path)/".utf8).map { CChar(bitPattern: $0) }
    name += path.map { CChar(bitPattern: $0) } + [0]
    guard unlink(name) != 0, ![ENOENT, ENOTDIR, EISDIR].contains(errno) else { return }
    throw ToolsError(
      .file, "a protected file can't be put back in the grading workspace: error \(errno)")
  }
}

extension URL {
  /// The path without percent encoding and without a slash at the end.
  var plainPath: String { path(percentEncoded: false).trimmingTrailingSlash }
}
