public import Foundation
public import LanguageModel

/// A saved episode, as far as it got.
public struct Transcript: Sendable, Equatable {
  public var header: TranscriptHeader
  public var turns: [Turn]
  /// Nil when the program was killed before the episode ended.
  public var end: TranscriptEnd?
  /// The number of a last line that was cut off in writing and left out.
  public var truncatedLine: Int?

  public init(
    header: TranscriptHeader, turns: [Turn], end: TranscriptEnd? = nil, truncatedLine: Int? = nil
  ) {
    self.header = header
    self.turns = turns
    self.end = end
    self.truncatedLine = truncatedLine
  }

  /// The episode; one that was cut off counts as cancelled, without a diff.
  public var trajectory: Trajectory {
    Trajectory(
      taskID: header.task, sample: header.sample, seed: header.seed, dialect: header.dialect,
      opening: header.messages, base: header.base, turns: turns,
      stopReason: end?.stopReason ?? .cancelled, finalDiff: end?.finalDiff ?? [],
      protectedPathsTouched: end?.protectedPathsTouched ?? [], seconds: end?.seconds ?? 0)
  }

  /// Reads a transcript. Unknown keys are left alone.
  ///
  /// - Throws: `TranscriptError` naming the file and the line, and what was expected there.
  public static func read(_ file: URL) throws(TranscriptError) -> Transcript {
    let path = file.path(percentEncoded: false)
    let data: Data
    do {
      data = try Data(contentsOf: file)
    } catch {
      let isThere = FileManager.default.fileExists(atPath: path)
      throw TranscriptError(
        isThere
          ? "\(path) cannot be read: it is a folder, or it may not be opened"
          : "\(path) is not there; expected a transcript")
    }
    var reader = TranscriptReader(path: path)
    return try reader.read(data)
  }
}

/// Reads line by line and knows what may come next.
private struct TranscriptReader {
  var path: String
  var header: TranscriptHeader?
  var turns: [Turn] = []
  var end: TranscriptEnd?

  private struct Kind: Decodable {
    var type: String
  }

  init(path: String) {
    self.path = path
  }

  mutating func read(_ data: Data) throws(TranscriptError) -> Transcript {
    let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let endsInNewline = data.last == UInt8(ascii: "\n")
    var truncatedLine: Int?
    for (index, line) in lines.enumerated() where !line.allSatisfy(isBlank) {
      do throws(TranscriptLineProblem) {
        try take(Data(line))
      } catch {
        let isCut = index == lines.count - 1 && !endsInNewline && !isJSON(Data(line))
        guard isCut, header != nil else {
          throw TranscriptError("\(path):\(index + 1): \(error.problem)")
        }
        truncatedLine = index + 1
      }
    }
    guard let header else {
      throw TranscriptError("\(path):1: expected the header of a transcript; the file is empty")
    }
    return Transcript(header: header, turns: turns, end: end, truncatedLine: truncatedLine)
  }

  private func isJSON(_ line: Data) -> Bool {
    do {
      _ = try JSONDecoder().decode(JSONValue.self, from: line)
    } catch DecodingError.dataCorrupted {
      return false
    } catch {
      // JSON, with a number that fits no type.
    }
    return true
  }

  private mutating func take(_ line: Data) throws(TranscriptLineProblem) {
    let expected =
      header == nil ? "a line of type header" : "a line of type turn or end"
    guard isJSON(line) else { throw TranscriptLineProblem("not JSON; expected \(expected)") }
    let type = try decode(Kind.self, line).type
    switch TranscriptLineType(rawValue: type) {
    case .header where header == nil:
      header = try decode(TranscriptHeader.self, line).checked()
    case .turn where header != nil && end == nil:
      let turn = try decode(TranscriptTurn.self, line).checked()
      guard turn.number == turns.count + 1 else {
        throw TranscriptLineProblem("has turn \(turn.number); expected turn \(turns.count + 1)")
      }
      guard turn.number > 1 || !turn.beginsContext else {
        throw TranscriptLineProblem("has new_context in turn 1; nothing was said before it")
      }
      turns.append(turn)
    case .end where header != nil && end == nil:
      let last = try decode(TranscriptEnd.self, line)
      guard last.turns == turns.count else {
        throw TranscriptLineProblem("counts \(last.turns) turns; there are \(turns.count)")
      }
      end = last
    default:
      let place = end == nil ? "expected \(expected)" : "nothing may follow the end"
      throw TranscriptLineProblem("a line of type '\(type.prefix(40))'; \(place)")
    }
  }

  private func decode<Line: Decodable>(
    _ type: Line.Type, _ line: Data
  ) throws(TranscriptLineProblem) -> Line {
    do {
      return try TranscriptJSON.decoder().decode(type, from: line)
    } catch let error as DecodingError {
      throw TranscriptLineProblem(Self.overflow(error, line) ?? Self.sentence(error))
    } catch {
      throw TranscriptLineProblem("\(error)")
    }
  }

  /// What the decoder says of a number that is out of range depends on what it is read as.
  private static func overflow(_ error: DecodingError, _ line: Data) -> String? {
    switch error {
    case .dataCorrupted, .typeMismatch: JSONOverflow.first(in: line)?.problem
    default: nil
    }
  }

  private static func sentence(_ error: DecodingError) -> String {
    func name(_ path: [any CodingKey]) -> String {
      path.isEmpty ? "the line" : "'\(path.map(\.stringValue).joined(separator: "."))'"
    }
    func plain(_ type: any Any.Type) -> String {
      let name = "\(type)"
      return name.hasPrefix("Dictionary") ? "an object" : name.hasPrefix("Array") ? "a list" : name
    }
    return switch error {
    case .keyNotFound(let key, let context): "\(name(context.codingPath + [key])) is missing"
    case .valueNotFound(let type, let context):
      "\(name(context.codingPath)) is null; expected \(plain(type))"
    case .typeMismatch(let type, let context):
      "\(name(context.codingPath)) has the wrong type; expected \(plain(type))"
    // It is JSON (``isJSON(_:)``): a count that no Int holds, a log-probability that no Float does.
    case .dataCorrupted(let context) where context.codingPath.isEmpty:
      "a number in it is out of range, or a text has an unknown escape"
    case .dataCorrupted(let context): "\(name(context.codingPath)): \(context.debugDescription)"
    @unknown default: "\(error)"
    }
  }
}

extension Transcript {
  /// The conversation of each context as messages; without what was to be told when it was forgotten.
  public var chats: [[ChatMessage]] {
    let contexts = turns.isEmpty ? [[]] : turns.contexts
    return contexts.enumerated().map { index, turns in
      var chat = header.messages
      for turn in turns {
        chat.append(ChatMessage(role: .assistant, content: turn.text))
        if let observation = turn.observation {
          chat.append(ChatMessage(role: .user, content: observation))
        }
      }
      let wasForgotten = index < contexts.count - 1 && chat.last?.role == .user
      return wasForgotten ? chat.dropLast() : chat
    }
  }
}
