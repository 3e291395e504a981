internal import Foundation

/// The files of a task's folder, and what may not be in them.
struct TaskFolder {
  let directory: URL
  /// The path as errors show it.
  let shown: String

  init(_ directory: URL) {
    self.directory = directory
    shown = directory.path(percentEncoded: false).trimmingTrailingSlash
  }

  func has(_ path: String) -> Bool {
    FileManager.default.fileExists(
      atPath: directory.appending(path: path).path(percentEncoded: false))
  }

  func text(_ path: String) throws(TaskError) -> String {
    guard has(path) else { throw TaskError("\(shown)/\(path) is missing") }
    guard !isFolder(directory.appending(path: path)) else {
      throw TaskError("\(shown)/\(path) is a folder; expected a file")
    }
    let file = directory.appending(path: path).path(percentEncoded: false)
    guard let data = RegularFile.contents(of: file) else {
      throw TaskError("\(shown)/\(path) can't be read; expected a file that is no link")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw TaskError("\(shown)/\(path) is not UTF-8 text")
    }
    return text
  }

  var solution: RepairTask.Solution? {
    if has("solution/fix.patch") {
      return .patch(directory.appending(path: "solution/fix.patch"))
    }
    return has("solution/solve.sh") ? .script : nil
  }

  /// What `tests/` holds at its top that `environment/` doesn't: nobody but the grader has business there.
  var hiddenOnlyEntries: [String] {
    let tests = directory.appending(path: "tests").path(percentEncoded: false)
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: tests)) ?? []
    return entries.filter { $0 != "test.sh" && !has("environment/\($0)") }.sorted()
  }

  func checkLayout() throws(TaskError) {
    guard isFolder(directory) else { throw TaskError("\(shown) is not a folder") }
    for name in ["task.toml", "instruction.md"] where !has(name) {
      throw TaskError("\(shown)/\(name) is missing")
    }
    for name in ["environment", "tests", "solution"] where isLink(name) {
      throw TaskError("\(shown)/\(name) is a link; expected a folder")
    }
    for (name, meaning) in [
      ("environment", "the repository the agent works on"), ("tests", "the hidden tests"),
    ] {
      let folder = directory.appending(path: name)
      guard isFolder(folder) else { throw TaskError("\(shown)/\(name) (\(meaning)) is missing") }
      guard try checkContents(name) > 0 else {
        throw TaskError("\(shown)/\(name) (\(meaning)) holds no files")
      }
    }
    if has("solution") { _ = try checkContents("solution") }
  }

  /// Whether the name itself is a link, whatever it leads to. What is written through one, or seen by a script, would be
  /// another folder's.
  private func isLink(_ name: String) -> Bool {
    let path = directory.appending(path: name).path(percentEncoded: false)
    let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    return type == .typeSymbolicLink
  }

  private func isFolder(_ url: URL) -> Bool {
    var folder: ObjCBool = false
    let path = url.path(percentEncoded: false)
    return FileManager.default.fileExists(atPath: path, isDirectory: &folder) && folder.boolValue
  }

  /// Refuses links that lead out of the folder and everything that is neither file, folder nor link.
  /// Returns how many files there are.
  func checkContents(_ name: String) throws(TaskError) -> Int {
    let root = directory.appending(path: name).path(percentEncoded: false)
    let files = FileManager.default
    guard let paths = files.enumerator(atPath: root) else {
      throw TaskError("\(shown)/\(name) can't be listed")
    }
    var count = 0
    while let path = paths.nextObject() as? String {
      switch paths.fileAttributes?[.type] as? FileAttributeType {
      case .typeDirectory?: continue
      case .typeRegular?: count += 1
      case .typeSymbolicLink?:
        count += 1
        guard let target = try? files.destinationOfSymbolicLink(atPath: "\(root)/\(path)"),
          stays(target, from: path, root: root)
        else { throw TaskError("\(shown)/\(name)/\(path) is a link that leads outside \(name)") }
      default:
        throw TaskError("\(shown)/\(name)/\(path) is neither a file, a folder nor a link")
      }
    }
    return count
  }

  /// Both by its text and, where it exists, by what the file system makes of it: links through links
  /// can leave although each path looks innocent.
  func stays(_ target: String, from link: String, root: String) -> Bool {
    guard !target.hasPrefix("/") else { return false }
    var depth = link.split(separator: "/").count - 1
    for part in target.split(separator: "/") where part != "." {
      depth += part == ".." ? -1 : 1
      if depth < 0 { return false }
    }
    return Self.leads("\(root)/\(link)", below: root) ?? true
  }

  /// Whether a path leads to something in a folder, or to the folder, through whatever links; nil if to nothing.
  static func leads(_ path: String, below folder: String) -> Bool? {
    guard let real = realPath(path) else { return nil }
    guard let realFolder = realPath(folder) else { return false }
    return real == realFolder || real.hasPrefix(realFolder + "/")
  }

  private static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

extension String {
  var trimmingTrailingSlash: String {
    count > 1 && hasSuffix("/") ? String(dropLast()) : self
  }
}
