/// A git tree object, read and written byte for byte.
///
/// libgit2's tree builder validates names and its check-out applies attributes and filters; the work
/// tree of an agent holds whatever bytes it likes, so trees are kept raw here.
struct TreeObject: Hashable {
  enum Mode: UInt32 {
    case folder = 0o040000
    case file = 0o100644
    case executable = 0o100755
    case link = 0o120000
    /// A commit of another repository (a submodule): nothing of it is in this one.
    case submodule = 0o160000
  }

  struct Entry: Hashable {
    var name: [UInt8]
    var mode: Mode
    var id: ObjectID

    /// `mode SP name NUL id`.
    var data: [UInt8] {
      var result = Array(String(mode.rawValue, radix: 8).utf8)
      result.append(0x20)
      result += name
      result.append(0)
      return result + id.bytes
    }
  }

  /// In git's order: by bytes, a folder as if its name ended in "/".
  private(set) var entries: [Entry]

  init(_ entries: [Entry]) {
    self.entries = entries.sorted { TreeObject.precedes($0, $1) }
  }

  private static func precedes(_ a: Entry, _ b: Entry) -> Bool {
    let left = a.mode == .folder ? a.name + [0x2F] : a.name
    let right = b.mode == .folder ? b.name + [0x2F] : b.name
    return left.lexicographicallyPrecedes(right)
  }

  var data: [UInt8] { entries.flatMap(\.data) }

  /// By name; of two that have the same the last, as a check-out leaves it.
  var byName: [[UInt8]: Entry] {
    Dictionary(entries.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
  }

  /// Nil if the bytes are no tree.
  init?(data: [UInt8]) {
    guard let pieces = Self.pieces(of: data) else { return nil }
    entries = pieces.map { $0.entry }
  }

  /// A tree's bytes without some names and with other entries instead. What isn't named stays byte for byte, with
  /// modes that nothing writes any more. Nil if the bytes are no tree.
  static func data(_ data: [UInt8], without names: Set<[UInt8]>, with new: [Entry]) -> [UInt8]? {
    guard let pieces = Self.pieces(of: data) else { return nil }
    var waiting = new.sorted { precedes($0, $1) }[...]
    var result: [UInt8] = []
    for piece in pieces where !names.contains(piece.entry.name) {
      while let next = waiting.first, precedes(next, piece.entry) {
        result += next.data
        waiting.removeFirst()
      }
      result += piece.bytes
    }
    return result + waiting.flatMap(\.data)
  }

  /// The entries, and the bytes that each of them is.
  private static func pieces(
    of data: [UInt8]
  ) -> [(entry: Entry, bytes: ArraySlice<UInt8>)]? {
    var pieces: [(entry: Entry, bytes: ArraySlice<UInt8>)] = []
    var rest = data[...]
    while !rest.isEmpty {
      guard let space = rest.firstIndex(of: 0x20), let end = rest[space...].firstIndex(of: 0),
        rest.endIndex - end > 20,
        let bits = UInt32(String(decoding: rest[..<space], as: UTF8.self), radix: 8),
        let mode = Mode(bits: bits)
      else { return nil }
      let next = end + 21
      let id = ObjectID(bytes: rest[(end + 1)..<next])
      let entry = Entry(name: Array(rest[(space + 1)..<end]), mode: mode, id: id)
      pieces.append((entry, rest[..<next]))
      rest = rest[next...]
    }
    return pieces
  }
}

extension TreeObject.Mode {
  /// Old repositories hold other permission bits; only the executable bit means something.
  init?(bits: UInt32) {
    switch bits & 0o170000 {
    case 0o040000: self = .folder
    case 0o100000: self = bits & 0o100 == 0 ? .file : .executable
    case 0o120000: self = .link
    case 0o160000: self = .submodule
    default: return nil
    }
  }
}

/// Which names are recorded.
enum RecordingRules {
  /// Left out wherever they are: git's own folder (the agent's, or that of a nested repository, whose
  /// files are recorded all the same) and what Python writes beside sources as it runs. Whatever
  /// .gitignore says, other files are recorded: an episode's state is all of its files.
  static func isRecorded(_ name: [UInt8]) -> Bool {
    if isGitFolder(name) || ignored.contains(name) { return false }
    return !name.ends(with: ".pyc".utf8)
  }

  /// ".git" in any case: on some file systems they are the same.
  static func isGitFolder(_ name: [UInt8]) -> Bool {
    name.count == 4 && name.map { $0 | 0x20 } == [0x2E | 0x20, 0x67, 0x69, 0x74] && name[0] == 0x2E
  }

  /// Whether a name from a tree object may become a file: never empty, ".", "..", ".git", or with a
  /// slash or NUL in it.
  static func isSafe(_ name: [UInt8]) -> Bool {
    !name.isEmpty && name.count <= 255 && name != [0x2E] && name != [0x2E, 0x2E]
      && !isGitFolder(name) && !name.contains(0x2F) && !name.contains(0)
  }

  private static let ignored: Set<[UInt8]> = Set(
    ["__pycache__", ".pytest_cache", ".mypy_cache"].map { Array($0.utf8) })
}

extension Collection where Element == UInt8 {
  func ends(with suffix: some BidirectionalCollection<UInt8>) -> Bool {
    count >= suffix.count && self.dropFirst(count - suffix.count).elementsEqual(suffix)
  }
}
