import Tools

/// A glob over paths relative to a repository's root, in the manner of `.gitignore`.
///
/// `*` and `?` stay within a path component, `**` spans any number of them, `[a-z]` and `[!a-z]` are
/// classes. A pattern without a slash (a trailing one apart) matches at every depth, one with a slash from the root.
/// What matches a folder matches everything in it. Matching is on bytes.
public struct PathPattern: Sendable, Hashable, CustomStringConvertible {
  public let description: String
  private let components: [[UInt8]]

  public init(_ pattern: String) {
    description = pattern
    var bytes = Array(pattern.utf8)[...]
    while bytes.last == slash { bytes.removeLast() }
    let anchored = bytes.contains(slash)
    while bytes.first == slash { bytes.removeFirst() }
    var components = bytes.split(separator: slash).map(Array.init)
    if components.first == [dot] { components.removeFirst() }
    if !anchored, !components.isEmpty { components.insert(doubleStar, at: 0) }
    self.components = components
  }

  /// Whether the path itself, or a folder it lies in, matches.
  public func matches(_ path: String) -> Bool {
    let parts = path.utf8.split(separator: slash).map(Array.init).filter { $0 != [dot] }
    guard !components.isEmpty else { return false }
    return match(components[...], parts[...])
  }

  /// A pattern that is used up at a component's end has matched a folder of the path, or all of it.
  private func match(_ pattern: ArraySlice<[UInt8]>, _ path: ArraySlice<[UInt8]>) -> Bool {
    guard let first = pattern.first else { return true }
    if first == doubleStar {
      let rest = pattern.dropFirst()
      if rest.isEmpty { return !path.isEmpty }
      return path.indices.contains { match(rest, path[$0...]) }
    }
    guard let part = path.first, component(first[...], part[...]) else { return false }
    return match(pattern.dropFirst(), path.dropFirst())
  }

  private func component(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    var p = pattern.startIndex
    var t = text.startIndex
    var retry: (pattern: Int, text: Int)?
    while t < text.endIndex {
      if p < pattern.endIndex {
        if pattern[p] == star {
          retry = (p + 1, t)
          p += 1
          continue
        }
        if let next = single(pattern, p, text[t]) {
          p = next
          t += 1
          continue
        }
      }
      guard let last = retry else { return false }
      retry = (last.pattern, last.text + 1)
      p = last.pattern
      t = last.text + 1
    }
    return pattern[p...].allSatisfy { $0 == star }
  }

  /// The index after the one-byte matcher at `p` if it accepts `byte`.
  private func single(_ pattern: ArraySlice<UInt8>, _ p: Int, _ byte: UInt8) -> Int? {
    if pattern[p] == UInt8(ascii: "?") { return p + 1 }
    guard pattern[p] == UInt8(ascii: "["),
      let close = pattern[(p + 1)...].dropFirst().firstIndex(of: UInt8(ascii: "]"))
    else { return pattern[p] == byte ? p + 1 : nil }
    var members = pattern[(p + 1)..<close]
    let negated = members.first == UInt8(ascii: "!")
    if negated { members.removeFirst() }
    var found = false
    var index = members.startIndex
    while index < members.endIndex {
      if index + 2 < members.endIndex, members[index + 1] == UInt8(ascii: "-") {
        found = found || (members[index] <= byte && byte <= members[index + 2])
        index += 3
      } else {
        found = found || members[index] == byte
        index += 1
      }
    }
    return found != negated ? close + 1 : nil
  }
}

private let slash = UInt8(ascii: "/")
private let dot = UInt8(ascii: ".")
private let star = UInt8(ascii: "*")
private let doubleStar = Array("**".utf8)

extension [PathPattern] {
  /// The changed paths that one of them matches, in their order.
  func touched(by changed: [ChangedPath]) -> [String] {
    changed.map(\.path).filter { path in contains { $0.matches(path) } }.sorted()
  }
}
