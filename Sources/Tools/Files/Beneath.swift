import Glibc

/// Why a path given by the policy can't be used; the text is the observation.
struct Refusal: Error, Sendable {
  let text: String
  /// Whether it may be the place that was wrong, not what was to come there.
  let isOfPlace: Bool

  init(_ text: String, isOfPlace: Bool = false) {
    self.text = text
    self.isOfPlace = isOfPlace
  }
}

/// Finds paths below a root whatever the tree holds: links are followed by hand and only inside,
/// every folder on the way is opened without following links.
struct Beneath: Sendable {
  /// The root on the host.
  let root: String
  /// Where commands see it, perhaps besides ``Sandbox/workspacePath``.
  var seenAt = Sandbox.workspacePath

  /// The names from the root to what the path means, after links; nothing in it is a link. The last
  /// name may not exist.
  func resolve(_ path: String) throws(Refusal) -> [[UInt8]] {
    var waiting = try names(path, in: path)
    var resolved: [[UInt8]] = []
    var links = 0
    while let name = waiting.first {
      waiting.removeFirst()
      if name == [0x2E, 0x2E] {
        guard resolved.popLast() != nil else { throw Self.outside(path) }
        continue
      }
      // Below what isn't there (yet) no link can be.
      guard let folder = open(folder: resolved), folder.status(of: name)?.kind == .link,
        let target = folder.target(of: name)
      else {
        resolved.append(name)
        continue
      }
      links += 1
      guard links <= 40 else { throw Refusal("\(path) is a circle of links.") }
      let text = String(decoding: target, as: UTF8.self)
      if target.first == 0x2F { resolved = [] }
      waiting = try names(text, in: path) + waiting
    }
    return resolved
  }

  /// The components of a path; an absolute one must lie in the workspace as the sandbox shows it.
  private func names(_ text: String, in path: String) throws(Refusal) -> [[UInt8]] {
    func split(_ text: String) -> [[UInt8]] {
      text.utf8.split(separator: 0x2F).map { Array($0) }.filter { $0 != [0x2E] }
    }
    var parts = split(text)
    guard !text.utf8.contains(0), parts.allSatisfy({ $0.count <= 255 }), parts.count <= 256 else {
      throw Refusal("\(path.prefix(80)) can't be the name of a file.")
    }
    if text.hasPrefix("/") {
      let places = [seenAt, Sandbox.workspacePath].map(split)
      guard let place = places.first(where: { parts.starts(with: $0) }) else {
        throw Self.outside(path)
      }
      parts.removeFirst(place.count)
    }
    return parts
  }

  private static func outside(_ path: String) -> Refusal {
    Refusal(
      "\(path) is outside the workspace. Use paths relative to its top, such as src/main.py.")
  }

  /// The folder at resolved names; nil if one of them isn't a folder.
  func open(folder names: some Sequence<[UInt8]>) -> Descriptor? {
    guard var current = try? Descriptor.folder(at: root) else { return nil }
    for name in names {
      guard let next = current.openFolder(name) else { return nil }
      current = next
    }
    return current
  }

  /// The kind and size at resolved names.
  func status(_ names: [[UInt8]]) -> FileStatus? {
    guard let last = names.last else { return open(folder: [])?.status() }
    return open(folder: names.dropLast())?.status(of: last)
  }

  /// The first `limit` bytes of a regular file.
  func read(_ names: [[UInt8]], limit: Int) -> [UInt8]? {
    guard let last = names.last else { return nil }
    return open(folder: names.dropLast())?.openFile(last)?.read(limit: limit)
  }

  /// Overwrites a regular file.
  func overwrite(_ names: [[UInt8]], with bytes: [UInt8]) -> Bool {
    guard let last = names.last, let folder = open(folder: names.dropLast()) else { return false }
    let number = last.withCName {
      openat(folder.number, $0, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    }
    guard number >= 0 else { return false }
    let file = Descriptor(owning: number)
    return file.status()?.kind == .file && ftruncate(number, 0) == 0 && file.write(bytes)
  }

  /// Writes a new file and the folders above it; false if it exists or can't be written.
  func create(_ names: [[UInt8]], bytes: [UInt8]) -> Bool {
    guard let last = names.last, var current = try? Descriptor.folder(at: root) else {
      return false
    }
    for name in names.dropLast() {
      _ = name.withCName { mkdirat(current.number, $0, 0o755) }
      guard let next = current.openFolder(name) else { return false }
      current = next
    }
    let number = last.withCName {
      openat(current.number, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    }
    return number >= 0 && Descriptor(owning: number).write(bytes)
  }

  /// Regular files (and folders, with a "/" at the end) below resolved names, in order of name, at
  /// most `limit`; git's folder and caches are left out, links aren't followed.
  func list(_ names: [[UInt8]], limit: Int, depth: Int, folders: Bool) -> [[UInt8]] {
    var result: [[UInt8]] = []
    func walk(_ folder: borrowing Descriptor, _ prefix: [UInt8], _ depth: Int) {
      for name in folder.names() ?? [] where RecordingRules.isRecorded(name) {
        guard result.count < limit, let status = folder.status(of: name) else { return }
        let path = prefix + name
        switch status.kind {
        case .file: result.append(path)
        case .link where folders: result.append(path + [0x40])
        case .folder:
          if folders { result.append(path + [0x2F]) }
          if depth > 1, let child = folder.openFolder(name) {
            walk(child, path + [0x2F], depth - 1)
          }
        case .link, .other: continue
        }
      }
    }
    let prefix = names.isEmpty ? [] : Array(names.joined(separator: [0x2F])) + [0x2F]
    if let folder = open(folder: names) { walk(folder, prefix, depth) }
    return result
  }
}
