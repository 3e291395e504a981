import Glibc

/// Owns one file descriptor. Paths are never followed: everything is opened relative to an open
/// folder, one name at a time, without following links, and without waiting on a FIFO.
struct Descriptor: ~Copyable {
  let number: Int32

  init(owning number: Int32) { self.number = number }
  deinit { _ = Glibc.close(number) }

  /// Opens a folder by its path on the host; a link as its last component is followed.
  static func folder(at path: String) throws(ToolsError) -> Descriptor {
    let number = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard number >= 0 else { throw .file("can't open the folder \(path)") }
    return Descriptor(owning: number)
  }

  /// A second descriptor of the same open folder.
  func duplicate() throws(ToolsError) -> Descriptor {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .file("can't duplicate a file descriptor") }
    return Descriptor(owning: copy)
  }

  /// Nil (with errno) if `name` isn't a folder or can't be opened.
  func openFolder(_ name: [UInt8]) -> Descriptor? {
    let result = name.withCName {
      openat(number, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }
    return result < 0 ? nil : Descriptor(owning: result)
  }

  /// Nil (with errno) unless `name` is a regular file that can be read.
  func openFile(_ name: [UInt8]) -> Descriptor? {
    let result = name.withCName {
      openat(number, $0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    }
    guard result >= 0 else { return nil }
    let file = Descriptor(owning: result)
    guard let status = file.status(), status.kind == .file else { return nil }
    return file
  }

  func status() -> FileStatus? {
    var raw = stat()
    return fstat(number, &raw) == 0 ? FileStatus(raw) : nil
  }

  /// The status of a name in this folder; a link's own.
  func status(of name: [UInt8]) -> FileStatus? {
    var raw = stat()
    let result = name.withCName { fstatat(number, $0, &raw, AT_SYMLINK_NOFOLLOW) }
    return result == 0 ? FileStatus(raw) : nil
  }

  /// The names in this folder but "." and "..", sorted by bytes; nil if it can't be read.
  func names() -> [[UInt8]]? {
    let copy = openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0 else { return nil }
    guard let stream = fdopendir(copy) else {
      _ = Glibc.close(copy)
      return nil
    }
    defer { closedir(stream) }
    var result: [[UInt8]] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: UInt8.self, capacity: 256) {
          Array(UnsafeBufferPointer(start: $0, count: strnlen($0, 256)))
        }
      }
      if name != [0x2E] && name != [0x2E, 0x2E] { result.append(name) }
    }
    return result.sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// The whole file, or its first `limit` bytes.
  func read(limit: Int) -> [UInt8]? {
    var result: [UInt8] = []
    let size = min(limit, max(status()?.size ?? 0, 0))
    result.reserveCapacity(size)
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while result.count < limit {
      let wanted = min(buffer.count, limit - result.count)
      let got = Glibc.read(number, &buffer, wanted)
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { return nil }
      if got == 0 { break }
      result += buffer[..<got]
    }
    return result
  }

  func write(_ bytes: [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.write(number, buffer.baseAddress! + done, bytes.count - done)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  /// What a link in this folder points to.
  func target(of name: [UInt8]) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = name.withCName { name in
      buffer.withUnsafeMutableBytes {
        readlinkat(number, name, $0.baseAddress!.assumingMemoryBound(to: CChar.self), 4096)
      }
    }
    return count < 0 ? nil : Array(buffer[..<count])
  }
}

/// What a stat call tells, as far as it is needed here.
struct FileStatus: Hashable {
  enum Kind { case file, folder, link, other }
  let kind: Kind
  let permissions: UInt32
  let size: Int
  /// Bytes on disk.
  let allocated: Int
  let device: UInt
  let inode: UInt
  /// Nanoseconds since 1970.
  let modified: Int
  /// Nanoseconds since 1970 of the last change of contents or status; can't be set by a program.
  let changed: Int

  init(_ raw: stat) {
    kind =
      switch raw.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .link
      default: .other
      }
    permissions = raw.st_mode & 0o7777
    size = Int(raw.st_size)
    allocated = Int(raw.st_blocks) * 512
    device = UInt(raw.st_dev)
    inode = UInt(raw.st_ino)
    modified = Int(raw.st_mtim.tv_sec) * 1_000_000_000 + Int(raw.st_mtim.tv_nsec)
    changed = Int(raw.st_ctim.tv_sec) * 1_000_000_000 + Int(raw.st_ctim.tv_nsec)
  }

  var isExecutable: Bool { permissions & 0o100 != 0 }
}

extension [UInt8] {
  /// The bytes as a C string; a name never holds NUL, one that does is cut there.
  func withCName<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (self + [0]).withUnsafeBufferPointer {
      $0.withMemoryRebound(to: CChar.self) { body($0.baseAddress!) }
    }
  }
}

extension ToolsError {
  /// "what: reason of errno".
  static func file(_ what: String, code: Int32 = errno) -> ToolsError {
    ToolsError(.file, "\(what): \(String(cString: strerror(code)))")
  }
}
