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
    let place = FileManager.default.temporaryDirectory
    url = place.appending(path: "\(Self.prefix)\(purpose)-\(UUID().uuidString)")
    let path = url.path(percentEncoded: false)
    // TMPDIR may name a folder that isn't there yet.
    try? FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    guard mkdir(path, 0o700) == 0 else { throw .file("can't make the folder \(path)") }
    // Locked before it has its name, so that nobody finds it unlocked. Where files can't be locked, it has none.
    let new = "\(path)/\(Self.ownerFile).new"
    let number = open(new, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard number >= 0 else {
      let error = ToolsError.file("can't make the file \(new)")
      rmdir(path)
      throw error
    }
    owner = Owner(lock: Descriptor(owning: number))
    if flock(number, LOCK_EX | LOCK_NB) == 0 { rename(new, "\(path)/\(Self.ownerFile)") }
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
      // As the ones made here end.
      guard UUID(uuidString: String(decoding: name.suffix(36), as: UTF8.self)) != nil,
        let folder = parent.openFolder(name), folder.isOwn,
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
