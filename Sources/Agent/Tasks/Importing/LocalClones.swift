internal import Foundation
internal import Tools

/// The folder in which the repositories of a data set lie.
struct LocalClones: Sendable {
  let folder: URL

  /// The clone, or else the plain folder, of "owner/name" or "swesmith/owner__name.commit": looked for as
  /// owner/name, owner__name, name, and the same with ".git". Without a commit of the row's own there can be two
  /// to try in turn: the name's commit, which SWE-smith's mirrors don't have, and what is checked out.
  ///
  /// - Throws: ``TaskError`` saying where it was looked for.
  func sources(of repository: String, commit: String) throws(TaskError) -> [TreeSource] {
    let names = Self.names(repository)
    let places = names.flatMap { [$0, $0 + ".git"] }
      .map { folder.appending(path: $0).plainPath }.filter(isFolder)
    // A clone called astropy can hold a folder astropy, which is no repository.
    if let clone = places.first(where: isClone) {
      if !commit.isEmpty { return [.repository(clone, revision: commit)] }
      let named = repository.firstMatch(of: #/\.([0-9a-f]{7,40})$/#).map { String($0.1) }
      return [named, "HEAD"].compactMap(\.self).map { .repository(clone, revision: $0) }
    }
    if let folder = places.first { return [.folder(folder)] }
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
    return TestNames.unique(names).filter { name in
      !name.isEmpty && !name.hasPrefix("/") && !name.split(separator: "/").contains("..")
        && name != "."
    }
  }

  private func isClone(_ path: String) -> Bool {
    exists("\(path)/.git") || (isFolder("\(path)/objects") && exists("\(path)/HEAD"))
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  private func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }
}
