import Agent
public import Foundation
public import LanguageModel
import Tools

/// One episode of an oracle, as text: independent of any tokenizer, readable, and everything that
/// training needs.
public struct Demonstration: Sendable, Equatable, Codable {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// Look, edit, test, submit.
    case straight
    /// Wrong edits first, each refused or taken back when the tests fail.
    case mended
    /// A search: small changes that tests judge one after the other, until the right one comes.
    case searched
    /// A malformed call first, mended after reading the format error.
    case malformed
    /// What a policy did of itself first.
    case corrected
  }

  /// What the first user message tells of an earlier attempt.
  public enum Hindsight: String, Sendable, Codable, CaseIterable {
    case none, feedback, solution, both
    /// Another repository's feedback, which says nothing of this task.
    case stray

    /// What is told of the task itself, or nothing.
    public static let own: [Hindsight] = [.none, .feedback, .solution, .both]
  }

  public struct Turn: Sendable, Equatable, Codable {
    /// What the oracle says.
    public var action: String
    /// Whether the model is to learn it; mistakes are context only, unless a policy's own were worth making.
    public var isTrained: Bool
    /// What it is told then, as the next user message; nil at the end.
    public var observation: String?

    enum CodingKeys: String, CodingKey {
      case action, observation
      case isTrained = "trained"
    }

    public init(action: String, isTrained: Bool, observation: String?) {
      self.action = action
      self.isTrained = isTrained
      self.observation = observation
    }
  }

  /// The task's id, and its repository.
  public var task: String
  public var repository: String
  public var kind: Kind
  public var hindsight: Hindsight
  public var dialect: String
  /// System and first user message, the hindsight included.
  public var opening: [ChatMessage]
  public var turns: [Turn]

  public init(
    task: String, repository: String, kind: Kind, hindsight: Hindsight, dialect: String,
    opening: [ChatMessage], turns: [Turn]
  ) {
    self.task = task
    self.repository = repository
    self.kind = kind
    self.hindsight = hindsight
    self.dialect = dialect
    self.opening = opening
    self.turns = turns
  }
}

extension Demonstration {
  /// The demonstration as training sees it, token for token what an episode would have fed and
  /// sampled: the prompt, then each action with its end-of-turn token and the next observation.
  public func example(tokenizer: Tokenizer, chatFormat: ChatFormat) -> TrainingExample {
    var tokens = chatFormat.encode(opening, addGenerationPrompt: true, tokenizer: tokenizer)
    var actions: [Int] = []
    var rows: [ActionRow] = []
    for (index, turn) in turns.enumerated() {
      for token in tokenizer.encode(turn.action) + [chatFormat.endOfTurn] {
        if turn.isTrained {
          actions.append(tokens.count)
          rows.append(
            ActionRow(
              token: token, weight: 0, rolloutLogprob: 0, reward: 1, hasTeacher: false,
              turn: Int32(index)))
        }
        tokens.append(token)
      }
      guard let observation = turn.observation else { break }
      tokens += chatFormat.continuation(
        afterEndOfTurn: true, messages: [ChatMessage(role: .user, content: observation)],
        tokenizer: tokenizer)
    }
    return TrainingExample(student: tokens, studentActions: actions, rows: rows)
  }

  /// The first turn whose edit is to be learnt.
  var firstEdit: Int? {
    let dialect = Dialects.named(dialect)
    return turns.firstIndex { turn in
      switch try? dialect?.parse(turn.action).get() {
      case .edit, .editLines, .insert, .tryOut, .create: turn.isTrained
      default: false
      }
    }
  }

  /// With another demonstration's hindsight in place of its own; nil if one of the two has none.
  public func told(of other: Demonstration) -> Demonstration? {
    var copy = self
    guard let index = opening.firstIndex(where: { $0.role == .user }),
      let place = HindsightContext.range(in: opening[index].content), let theirs = other.hint
    else { return nil }
    copy.opening[index].content.replaceSubrange(place, with: theirs)
    return copy
  }

  /// The demonstration for people; what is context only is marked.
  public var readable: String {
    var parts = ["=== \(task): \(kind.rawValue), hindsight: \(hindsight.rawValue)"]
    for message in opening { parts.append("--- \(message.role.rawValue)\n\(message.content)") }
    for turn in turns {
      parts.append("--- assistant\(turn.isTrained ? "" : " (context only)")\n\(turn.action)")
      if let observation = turn.observation { parts.append("--- user\n\(observation)") }
    }
    return parts.joined(separator: "\n")
  }

  /// Writes demonstrations, a line of JSON each, replacing the file as a whole.
  public static func write(_ demonstrations: [Demonstration], to file: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var data = Data()
    for demonstration in demonstrations {
      data += try encoder.encode(demonstration)
      data.append(UInt8(ascii: "\n"))
    }
    try data.write(to: file, options: .atomic)
  }

  /// Reads what ``write(_:to:)`` wrote.
  ///
  /// - Throws: ``DemonstrationError`` naming the line that is none.
  public static func read(_ file: URL) throws -> [Demonstration] {
    let path = file.path(percentEncoded: false)
    guard let data = try? Data(contentsOf: file) else {
      throw DemonstrationError("the demonstrations \(path) can't be read")
    }
    let decoder = JSONDecoder()
    return try data.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
      guard let value = try? decoder.decode(Demonstration.self, from: Data(line)) else {
        throw DemonstrationError("\(path), line \(index + 1) is no demonstration")
      }
      return value
    }
  }
}
