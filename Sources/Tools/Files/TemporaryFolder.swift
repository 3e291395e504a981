package import Foundation
import Glibc

/// A folder below the system's temporary one, deleted by ``remove()``. Who is killed can't do that, so the first one
/// that a process makes deletes what processes that are gone have left.
package struct TemporaryFolder: Sendable {
  package let url: URL
  private let owner: Owner

  /// Makes it; only this user can enter.
  package init(_ purpose: String) throws(ToolsError) {
    _ = Self.swept
    url = FileManager.default.temporaryDirectory
      .appending(path: "\(Self.prefix)\(purpose)-\(UUID().uuidString)")
    let path = url.path(percentEncoded: false)
    guard mkdir(path, 0o700) == 0 else { throw .file("can't make the folder \(path)") }
    // Locked before it has its name, so that nobody finds it unlocked.
    let new = "\(path)/\(Self.ownerFile).new"
    let number = open(new, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard number >= 0 else { throw .file("can't make the file \(new)") }
    owner = Owner(lock: Descriptor(owning: number))
    guard flock(number, LOCK_EX | LOCK_NB) == 0,
      rename(new, "\(path)/\(Self.ownerFile)") == 0
    else {
      throw .file("can't lock the folder \(path)")
    }
  }

  package func path(_ name: String) -> String {
    url.appending(path: name).path(percentEncoded: false)
  }

  /// Deletes it, with folders that an agent has made so that they can't be entered.
  package func remove() {
    let parent = url.deletingLastPathComponent().path(percentEncoded: false)
    try? Descriptor.folder(at: parent).removeAll(Array(url.lastPathComponent.utf8))
  }

  /// Holds the lock for as long as the process lives, or the folder is used.
  private final class Owner: Sendable {
    let lock: Descriptor
    init(lock: consuming Descriptor) { self.lock = lock }
  }

  private static let prefix = "hindsight-"
  private static let ownerFile = ".owner"

  private static let swept: Void = {
    let place = FileManager.default.temporaryDirectory.path(percentEncoded: false)
    guard let parent = try? Descriptor.folder(at: place) else { return }
    for name in parent.names() ?? [] where name.starts(with: prefix.utf8) {
      guard let folder = parent.openFolder(name), folder.isOwn,
        let owner = folder.openFile(Array(ownerFile.utf8)),
        flock(owner.number, LOCK_EX | LOCK_NB) == 0
      else { continue }
      try? parent.removeAll(name)
    }
  }()
}

extension Descriptor {
  fileprivate var isOwn: Bool {
    var raw = stat()
    return fstat(number, &raw) == 0 && raw.st_uid == getuid()
  }
}
