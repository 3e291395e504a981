/// The name of a git object: 20 bytes of SHA-1, written as 40 hexadecimal digits.
public struct ObjectID: Hashable, Sendable, Codable, CustomStringConvertible {
  /// 40 lower-case hexadecimal digits.
  public let description: String

  /// Nil unless `hex` is 40 hexadecimal digits.
  public init?(_ hex: String) {
    let lower = hex.lowercased()
    guard lower.utf8.count == 40,
      lower.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
    else { return nil }
    description = lower
  }

  init(digits: String) { description = digits }

  /// The first 10 digits, for people.
  public var short: String { String(description.prefix(10)) }

  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let id = ObjectID(text) else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "\(text) is not the 40 hexadecimal digits of a git object"))
    }
    self = id
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// The work tree at one moment: a commit of the recorder and its tree. Equal trees mean equal
/// contents, names and modes; the commit also depends on message, time and parent.
public struct Snapshot: Hashable, Sendable, Codable {
  public let commit: ObjectID
  public let tree: ObjectID

  public init(commit: ObjectID, tree: ObjectID) {
    self.commit = commit
    self.tree = tree
  }
}

/// A path that differs between two snapshots.
public struct ChangedPath: Hashable, Sendable {
  public enum Change: String, Sendable, Codable { case added, deleted, modified, typeChanged }
  /// The name as it is on disk; not always UTF-8.
  public let bytes: [UInt8]
  public let change: Change
  /// The path for people and globs; invalid UTF-8 is replaced.
  public var path: String { String(decoding: bytes, as: UTF8.self) }
}
