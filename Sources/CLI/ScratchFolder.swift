internal import Agent
internal import Foundation
internal import Tools

/// A folder below the system's temporary one, for a recorder and a work tree.
struct ScratchFolder {
  let url: URL

  init(_ purpose: String) throws {
    url = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-\(purpose)-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }

  func place(name: String) throws -> Episode.Place {
    Episode.Place(
      recorder: try Recorder(at: path("recorder.git")), name: name, workTree: path("work"))
  }

  /// An agent may have made folders that can't be entered.
  func remove() {
    let files = FileManager.default
    if (try? files.removeItem(at: url)) != nil { return }
    let paths = files.enumerator(atPath: url.path(percentEncoded: false))
    while let path = paths?.nextObject() as? String {
      try? files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: self.path(path))
    }
    try? files.removeItem(at: url)
  }
}
