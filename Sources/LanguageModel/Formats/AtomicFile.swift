import Foundation

/// Writes a file so that its name holds either the old contents or all of the new: a temporary name
/// in the same folder, flushed to disk, then renamed.
package struct AtomicFile: ~Copyable {
  private let path: String
  private let temporary: String
  private let descriptor: Int32
  private var isFinished = false

  package init(_ path: String) throws(ModelError) {
    self.path = path
    let url = URL(fileURLWithPath: path)
    let unique = "\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    temporary =
      url.deletingLastPathComponent()
      .appendingPathComponent(".\(url.lastPathComponent).\(unique)").path
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw Self.failure(path) }
  }

  private static func failure(_ path: String) -> ModelError {
    ModelError("\(path) can't be written: \(String(cString: strerror(errno)))")
  }

  package func write(_ bytes: UnsafeRawBufferPointer) throws(ModelError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let slice = UnsafeRawBufferPointer(rebasing: rest)
      let written = Foundation.write(descriptor, slice.baseAddress!, min(slice.count, 1 << 30))
      if written < 0 {
        if errno == EINTR { continue }
        throw Self.failure(path)
      }
      rest = rest.dropFirst(written)
    }
  }

  /// As above, the elements as they lie in memory.
  package func write<Element: BitwiseCopyable>(elements: [Element]) throws(ModelError) {
    var failure: ModelError?
    elements.withUnsafeBytes { bytes in
      do throws(ModelError) { try write(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Flushes and gives the file its name. Without it the temporary file is removed.
  package consuming func commit() throws(ModelError) {
    guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw Self.failure(path) }
    isFinished = true
    // The new name itself must survive a power cut too.
    let folder = open(
      URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }

  deinit {
    close(descriptor)
    if !isFinished { unlink(temporary) }
  }
}
