import CKernels
import Foundation

/// Replaces a folder so that its name holds either the old contents or all of the new.
package enum AtomicFolder {
  /// Calls `fill` with a temporary folder beside `path`, flushes it and gives it the name. On an
  /// error the temporary folder is removed and `path` is as it was.
  package static func replace(
    _ path: String, _ fill: (_ temporary: String) throws(ModelError) -> Void
  ) throws(ModelError) {
    let target = URL(fileURLWithPath: path).standardizedFileURL
    let parent = target.deletingLastPathComponent()
    let unique = "\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    let temporary = parent.appendingPathComponent(".\(target.lastPathComponent).\(unique)").path
    do {
      try FileManager.default.createDirectory(
        atPath: temporary, withIntermediateDirectories: true)
    } catch {
      throw ModelError("\(path) can't be written: \(error.localizedDescription)")
    }
    // After an exchange this is what stood there before.
    defer { try? FileManager.default.removeItem(atPath: temporary) }
    try fill(temporary)
    flush(temporary)
    try swap(temporary, target.path)
    flush(parent.path)
  }

  private static func swap(_ temporary: String, _ target: String) throws(ModelError) {
    if rename(temporary, target) == 0 { return }
    guard [EEXIST, ENOTEMPTY].contains(errno) else { throw failure(target) }
    if hs_exchange_names(temporary, target) == 0 { return }
    guard errno == EINVAL else { throw failure(target) }
    // A file system that can't exchange: for a moment only the old folder's second name is there.
    let old = temporary + ".old"
    guard rename(target, old) == 0 else { throw failure(target) }
    guard rename(temporary, target) == 0 else {
      let error = failure(target)
      _ = rename(old, target)
      throw error
    }
    try? FileManager.default.removeItem(atPath: old)
  }

  private static func failure(_ path: String) -> ModelError {
    ModelError("\(path) can't be written: \(String(cString: strerror(errno)))")
  }

  /// The names in a folder must survive a power cut, as its files already do.
  private static func flush(_ folder: String) {
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
