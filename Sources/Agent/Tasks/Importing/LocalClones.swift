internal import Foundation
internal import Tools

/// The folder in which the repositories of a data set lie.
struct LocalClones: Sendable {
  let folder: URL

  /// The clone, or plain folder, of "owner/name" or "swesmith/owner__name.commit": looked for as
  /// owner/name, owner__name, name, and the same with ".git".
  ///
  /// - Throws: ``TaskError`` saying where it was looked for.
  func source(of repository: String, commit: String) throws(TaskError) -> TreeSource {
    let names = Self.names(repository)
    for name in names {
      for place in [name, name + ".git"] {
        let path = folder.appending(path: place).plainPath
        guard isFolder(path) else { continue }
        let isClone =
          isFolder("\(path)/.git") || exists("\(path)/.git") || isFolder("\(path)/objects")
        return isClone
          ? .repository(path, revision: commit.isEmpty ? "HEAD" : commit) : .folder(path)
      }
    }
    throw TaskError(
      "no clone of \(Printable.line(repository)) in \(folder.plainPath), where it may be called "
        + names.joined(separator: ", "))
  }

  private static func names(_ repository: String) -> [String] {
    var names = [repository]
    if let last = repository.split(separator: "/").last.map(String.init) {
      names.append(last)
      // SWE-smith's: owner__name.commit.
      let bare = last.replacing(#/\.[0-9a-f]{7,40}$/#, with: "")
      names += [bare, bare.replacing("__", with: "/")]
      if let place = bare.firstRange(of: "__") { names.append(String(bare[place.upperBound...])) }
    }
    names.append(repository.replacing("/", with: "__"))
    var seen: Set<String> = []
    return names.filter { name in
      !name.isEmpty && !name.hasPrefix("/") && !name.split(separator: "/").contains("..")
        && name != "." && seen.insert(name).inserted
    }
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  private func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }
}
