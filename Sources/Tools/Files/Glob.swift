/// A pattern for paths: `*` and `?` within a name, `**` over any number of folders, `[abc]`. A
/// pattern without a slash matches a name at any depth; one that names a folder matches all in it.
public struct Glob: Sendable, Hashable {
  private let parts: [[UInt8]]

  public init(_ pattern: String) {
    var parts = pattern.utf8.split(separator: 0x2F).map { Array($0) }
    let anywhere = !pattern.hasPrefix("/") && parts.count == 1
    if anywhere && parts != [Array("**".utf8)] { parts.insert(Array("**".utf8), at: 0) }
    self.parts = parts
  }

  /// Whether a path relative to the root, such as "src/a.py", or a folder above it matches.
  public func matches(_ path: String) -> Bool { matches(Array(path.utf8)) }

  public func matches(_ path: [UInt8]) -> Bool {
    let names = path.split(separator: 0x2F)
    guard !parts.isEmpty else { return false }
    return Glob.match(parts[...], names[...])
  }

  /// True when the pattern is used up, even if names are left: what lies in a matched folder matches.
  private static func match(_ parts: ArraySlice<[UInt8]>, _ names: ArraySlice<ArraySlice<UInt8>>)
    -> Bool
  {
    guard let part = parts.first else { return true }
    if part == Array("**".utf8) {
      if parts.count == 1 { return !names.isEmpty }
      return names.indices.contains { match(parts.dropFirst(), names[$0...]) }
    }
    guard let name = names.first, matchName(part, Array(name)) else { return false }
    return match(parts.dropFirst(), names.dropFirst())
  }

  /// The usual two-pointer match: on a mismatch the last `*` takes one byte more.
  private static func matchName(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
    var p = 0
    var n = 0
    var star: (pattern: Int, name: Int)?
    while n < name.count {
      if p < pattern.count, pattern[p] == 0x2A {
        star = (p, n)
        p += 1
      } else if let next = matchOne(pattern, at: p, name[n]) {
        p = next
        n += 1
      } else if let last = star {
        star = (last.pattern, last.name + 1)
        p = last.pattern + 1
        n = last.name + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == 0x2A }
  }

  /// The index after the element at `p` if it matches the byte.
  private static func matchOne(_ pattern: [UInt8], at p: Int, _ byte: UInt8) -> Int? {
    guard p < pattern.count else { return nil }
    if pattern[p] == 0x3F { return p + 1 }
    if pattern[p] == 0x5B, let end = pattern[(p + 1)...].firstIndex(of: 0x5D), end > p + 1 {
      var set = pattern[(p + 1)..<end]
      let negated = set.first == 0x21 || set.first == 0x5E
      if negated { set = set.dropFirst() }
      return contains(Array(set), byte) != negated ? end + 1 : nil
    }
    return pattern[p] == byte ? p + 1 : nil
  }

  private static func contains(_ set: [UInt8], _ byte: UInt8) -> Bool {
    var index = 0
    while index < set.count {
      if index + 2 < set.count, set[index + 1] == 0x2D {
        if set[index] <= byte && byte <= set[index + 2] { return true }
        index += 3
      } else {
        if set[index] == byte { return true }
        index += 1
      }
    }
    return false
  }
}
