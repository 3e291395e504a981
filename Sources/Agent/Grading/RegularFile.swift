internal import Foundation

/// Files that a program under test may have written, or put something else in the place of.
enum RegularFile {
  /// The file's bytes unless it is a link, a pipe or larger than `most` bytes.
  static func contents(of path: String, most: Int = 64 << 20) -> Data? {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_size <= most
    else { return nil }
    return try? handle.readToEnd() ?? Data()
  }
}
