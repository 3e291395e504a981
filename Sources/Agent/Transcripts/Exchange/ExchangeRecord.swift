public import Foundation

/// A trajectory in another program's format, as it stands.
///
/// Nothing gets lost on the way through, in either direction. A transcript that is made of another program's record keeps
/// that in its header, and is exported in the same format as that record again. What is exported carries the
/// transcript's own lines, where the format has room for other programs' keys, and comes back as those. Only numbers
/// are kept as far as 64 bits hold them.
public struct ExchangeRecord: Sendable {
  public enum Format: Sendable, CaseIterable {
    case atif, miniSWEAgent

    /// The key that names the format, and what its value begins with.
    fileprivate var mark: (key: String, beginning: String) {
      switch self {
      case .atif: ("schema_version", "ATIF-v1.")
      case .miniSWEAgent: ("trajectory_format", "mini-swe-agent-1")
      }
    }

    /// An object in which any key may stand.
    public var room: String { self == .atif ? "extra" : "info" }
    /// What was said and done, in order.
    fileprivate var items: String { self == .atif ? "steps" : "messages" }
    /// One of the items.
    fileprivate var item: String { self == .atif ? "step" : "message" }
    /// Objects that say something of the whole.
    fileprivate var summaries: [String] {
      self == .atif ? ["agent", "final_metrics"] : ["info"]
    }
  }

  private static let ours = "hindsight"

  public let format: Format
  private var members: [String: JSONValue]

  /// Nil if the object is in neither format.
  init?(_ members: [String: JSONValue]) {
    func isNamed(_ format: Format) -> Bool {
      guard case .string(let value)? = members[format.mark.key] else { return false }
      return value.hasPrefix(format.mark.beginning)
    }
    guard let format = Format.allCases.first(where: isNamed) else { return nil }
    self.format = format
    self.members = members
  }

  /// What a transcript is exported as.
  ///
  /// - lines: the transcript's file.
  /// - Throws: `TranscriptError` with the end of a sentence about the transcript's header, if the record that it was
  ///   made of has no room for the lines.
  public init(_ transcript: Transcript, as format: Format, lines: Data) throws {
    var record = try Self.record(of: transcript, as: format)
    let texts = String(decoding: lines, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
    var room: [String: JSONValue] = [:]
    switch record.members[format.room] {
    case nil, .null?: break
    case .object(let keys)?: room = keys
    default:
      throw TranscriptError(
        "'imported.\(format.room)' isn't an object, so there is no place in it for the transcript's "
          + "own lines; it can only be exported in another format")
    }
    room[Self.ours] = .object(["lines": .array(texts.map { .string(String($0)) })])
    record.members[format.room] = .object(room)
    self = record
  }

  /// The record that the transcript was made of, if that was in this format; else one of its turns.
  private static func record(
    of transcript: Transcript, as format: Format
  ) throws -> ExchangeRecord {
    if case .object(let members)? = transcript.header.imported,
      let record = ExchangeRecord(members), record.format == format
    {
      return record
    }
    let encoder = JSONEncoder()
    let data =
      switch format {
      case .atif: try encoder.encode(ATIF(transcript))
      case .miniSWEAgent: try encoder.encode(MiniSWEAgent(transcript))
      }
    let members = try JSONDecoder().decode([String: JSONValue].self, from: data)
    guard let record = ExchangeRecord(members) else {
      preconditionFailure("a record names its format")
    }
    return record
  }

  /// The transcript that was exported as this; nil if another program wrote it.
  public var transcriptLines: Data? {
    guard case .object(let room)? = members[format.room], case .object(let own)? = room[Self.ours],
      case .array(let lines)? = own["lines"], !lines.isEmpty
    else { return nil }
    return Data(lines.map(\.spokenText).joined(separator: "\n").utf8)
  }

  /// The first part that isn't what `transcript` is exported as: "step 3" or "'agent.name'"; nil if all are.
  public func firstDifference(from transcript: Transcript) throws -> String? {
    let expected = try Self.record(of: transcript, as: format)
    let (items, others) = (plainItems, expected.plainItems)
    let same = zip(items, others).prefix { $0 == $1 }.count
    if same < max(items.count, others.count) { return "\(format.item) \(same + 1)" }
    let (found, wanted) = (plainSummaries, expected.plainSummaries)
    let paths = Set(found.keys).union(wanted.keys).sorted()
    return paths.first { found[$0] != wanted[$0] }.map { "'\($0)'" }
  }

  /// Items with whatever keys they have: one that was added is a difference.
  private var plainItems: [JSONValue] {
    guard case .array(let items)? = members[format.items] else { return [] }
    return items.map { Self.plain($0) }
  }

  /// By their paths, such as `agent.name`; without our own lines.
  private var plainSummaries: [String: JSONValue] {
    var values: [String: JSONValue] = [:]
    for name in format.summaries {
      switch Self.plain(members[name] ?? .null) {
      case .null: break
      case .object(let members):
        for (key, value) in members where name != format.room || key != Self.ours {
          values["\(name).\(key)"] = value
        }
      case let value: values[name] = value
      }
    }
    return values
  }

  /// The value without what other programs write in their own way: nulls, and a number's form.
  private static func plain(_ value: JSONValue) -> JSONValue {
    switch value {
    case .integer(let number): .number(Double(number))
    case .array(let values): .array(values.map { plain($0) })
    case .object(let members):
      .object(members.filter { $0.value != .null }.mapValues { plain($0) })
    default: value
    }
  }
}

extension ExchangeRecord {
  /// For the header of a transcript that is made of it.
  package var withoutSecrets: JSONValue { JSONValue.object(members).withoutSecrets }

  /// Whether anything is left out of ``withoutSecrets``.
  package var hasSecrets: Bool { withoutSecrets != .object(members) }
}

extension ExchangeRecord: Encodable {
  public func encode(to encoder: any Encoder) throws {
    try JSONValue.object(members).encode(to: encoder)
  }
}
