import Foundation

/// A regular file mapped read-only into memory until the last reference goes.
///
/// Sendable because the mapping is never written and never moves.
final class MappedFile: @unchecked Sendable {
  let path: String
  let bytes: UnsafeRawBufferPointer

  init(_ path: String) throws(ModelError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw ModelError("\(path) can't be opened: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw ModelError("\(path) can't be read: \(String(cString: strerror(errno)))")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ModelError("\(path) is not a regular file")
    }
    let size = Int(status.st_size)
    guard size > 0 else { throw ModelError("\(path) is empty") }
    guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED
    else {
      throw ModelError("\(path) can't be mapped: \(String(cString: strerror(errno)))")
    }
    self.path = path
    self.bytes = UnsafeRawBufferPointer(start: base, count: size)
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count)
  }

  /// Lets go of the pages that lie wholly in a range of the file; reading them again is allowed.
  func release(_ range: Range<Int>) {
    let page = Int(getpagesize())
    let first = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard first < end else { return }
    madvise(
      UnsafeMutableRawPointer(mutating: bytes.baseAddress! + first), end - first, MADV_DONTNEED)
  }

  /// Whether something that can be opened for reading exists at the path.
  static func exists(_ path: String) -> Bool {
    access(path, R_OK) == 0
  }
}
