public import Foundation
import LanguageModel
import Tools

/// What makes a transcript evidence: every line but the first carries the SHA-256 of the line before, the last
/// one its own as well. Who edits or drops a line later breaks the chain there, unless all lines behind it
/// are written anew, too.
public struct TranscriptChain: Sendable {
  private var last: String?

  static let previous = "previous"
  static let digest = "digest"

  init() {}

  /// A line, a JSON object, with its digests; remembered for the next one.
  mutating func add(_ line: Data, isLast: Bool) -> Data {
    var line = line
    if let last { line = Self.inserting(Self.previous, last, into: line) }
    if isLast { line = Self.inserting(Self.digest, sha256Hex(line), into: line) }
    last = sha256Hex(line)
    return line
  }

  /// As the object's first entry.
  private static func inserting(_ key: String, _ value: String, into line: Data) -> Data {
    Data("{\"\(key)\":\"\(value)\",".utf8) + line.dropFirst()
  }

  /// What checking a transcript found.
  public enum Finding: Equatable, Sendable {
    case intact(lines: Int)
    /// It ends without its last line: so many are left, each as it was written.
    case cutOff(lines: Int)
    /// The number of a line that isn't as it was written.
    case changed(line: Int)
    /// Lines are missing before this one.
    case dropped(before: Int)
    /// From before lines carried digests.
    case unmarked
  }

  /// - Throws: ``TranscriptError`` if the file can't be read or a line is no JSON object.
  public static func check(_ file: URL) throws(TranscriptError) -> Finding {
    let path = file.path(percentEncoded: false)
    guard let data = try? Data(contentsOf: file) else {
      throw TranscriptError("\(path) can't be read; expected a transcript")
    }
    let lines = data.split(separator: UInt8(ascii: "\n"))
    guard !lines.isEmpty else { throw TranscriptError("\(path) is empty; expected a transcript") }
    var marks: [Mark] = []
    for (index, line) in lines.enumerated() {
      // A last line that was being written when the program was killed.
      let isCut = index > 0 && index == lines.count - 1 && data.last != UInt8(ascii: "\n")
      guard let mark = try? JSONDecoder().decode(Mark.self, from: line) else {
        guard isCut else {
          let problem = JSONOverflow.first(in: line)?.problem ?? "not a JSON object"
          throw TranscriptError("\(path):\(index + 1): \(problem)")
        }
        break
      }
      marks.append(mark)
    }
    guard marks.contains(where: { $0.previous != nil || $0.digest != nil }) else {
      guard marks[0].type == TranscriptLineType.header.rawValue else {
        throw TranscriptError("\(path):1: expected the header of a transcript")
      }
      // The first line has nothing to carry a digest of.
      return marks.count == 1 ? .cutOff(lines: 1) : .unmarked
    }
    if marks[0].previous != nil || marks[0].type != TranscriptLineType.header.rawValue {
      return .dropped(before: 1)
    }
    for index in marks.indices.dropFirst()
    where marks[index].previous != sha256Hex(Data(lines[index - 1])) {
      let isNext = marks[index].number.map { $0 == (marks[index - 1].number ?? 0) + 1 } ?? true
      guard isNext else { return .dropped(before: index + 1) }
      // A line without the digest was written by somebody else.
      return .changed(line: marks[index].previous == nil ? index + 1 : index)
    }
    guard let end = marks.last, end.type == TranscriptLineType.end.rawValue else {
      return .cutOff(lines: marks.count)
    }
    let prefix = Data("{\"\(digest)\":\"\(end.digest ?? "")\",".utf8)
    let own = Data(lines[marks.count - 1])
    guard own.starts(with: prefix),
      sha256Hex(Data("{".utf8) + own.dropFirst(prefix.count)) == end.digest
    else { return .changed(line: marks.count) }
    return .intact(lines: marks.count)
  }

  /// For what goes on from a transcript: one that was edited would be written anew as if it weren't. One that was cut
  /// off, or is from before lines carried digests, may go on.
  ///
  /// - Throws: ``TranscriptError`` if it was edited, or can't be read.
  public static func checkUnedited(_ file: URL) throws(TranscriptError) {
    let path = file.path(percentEncoded: false)
    switch try check(file) {
    case .intact, .cutOff, .unmarked: return
    case .changed(let line):
      throw TranscriptError("\(path):\(line): this line was changed after it was written")
    case .dropped(let line):
      throw TranscriptError("\(path):\(line): lines are missing before this one")
    }
  }

  private struct Mark: Decodable {
    var type: String?
    var previous: String?
    var digest: String?
    /// A turn's number.
    var number: Int?

    enum CodingKeys: String, CodingKey {
      case type, previous, digest
      case number = "turn"
    }
  }
}
