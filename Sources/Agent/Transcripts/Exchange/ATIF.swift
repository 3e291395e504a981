public import Foundation
import LanguageModel
import Tools

/// Harbor's Agent Trajectory Interchange Format: written as ATIF-v1.7, read as any 1.x.
///
/// What the format has no key for is in `extra.hindsight`: the transcript's own lines, so that it comes back byte for
/// byte.
public struct ATIF: Codable, Sendable {
  static let version = "ATIF-v1.7"
  static let agentName = "hindsight"

  struct Agent: Codable, Sendable {
    var name, version: String
    var modelName: String?

    enum CodingKeys: String, CodingKey {
      case name, version
      case modelName = "model_name"
    }
  }

  struct ToolCall: Codable, Sendable {
    var id, name: String
    var arguments: JSONValue

    enum CodingKeys: String, CodingKey {
      case arguments
      case id = "tool_call_id"
      case name = "function_name"
    }
  }

  struct Metrics: Codable, Sendable {
    var promptTokens, completionTokens: Int?
    var completionTokenIDs: [TokenID]?
    var logprobs: [Float]?

    enum CodingKeys: String, CodingKey {
      case logprobs
      case promptTokens = "prompt_tokens"
      case completionTokens = "completion_tokens"
      case completionTokenIDs = "completion_token_ids"
    }
  }

  struct Observation: Codable, Sendable {
    struct Result: Codable, Sendable {
      var call: String?
      var content: JSONValue?

      enum CodingKeys: String, CodingKey {
        case content
        case call = "source_call_id"
      }
    }
    var results: [Result]
  }

  struct Step: Codable, Sendable {
    var id: Int
    var timestamp: String?
    var source: String
    /// A text, or parts in versions that know pictures.
    var message: JSONValue
    var modelName: String?
    var toolCalls: [ToolCall]?
    var observation: Observation?
    var metrics: Metrics?

    enum CodingKeys: String, CodingKey {
      case timestamp, source, message, observation, metrics
      case id = "step_id"
      case modelName = "model_name"
      case toolCalls = "tool_calls"
    }
  }

  struct FinalMetrics: Codable, Sendable {
    var promptTokens, completionTokens, steps: Int?

    enum CodingKeys: String, CodingKey {
      case promptTokens = "total_prompt_tokens"
      case completionTokens = "total_completion_tokens"
      case steps = "total_steps"
    }
  }

  struct Extra: Codable, Sendable {
    struct Hindsight: Codable, Sendable {
      var lines: [String]
    }
    var hindsight: Hindsight?
  }

  var schemaVersion: String
  var sessionID: String?
  var agent: Agent
  var steps: [Step]
  var finalMetrics: FinalMetrics?
  var extra: Extra?

  enum CodingKeys: String, CodingKey {
    case agent, steps, extra
    case schemaVersion = "schema_version"
    case sessionID = "session_id"
    case finalMetrics = "final_metrics"
  }
}

extension ATIF {
  /// - lines: the transcript's file.
  public init(_ transcript: Transcript, lines: Data) {
    let header = transcript.header
    schemaVersion = Self.version
    sessionID = "\(header.task)/\(header.sample)/\(header.seed)"
    agent = Agent(name: Self.agentName, version: "\(header.version)", modelName: header.policy.name)
    steps = []
    for message in header.messages {
      steps.append(
        Step(
          id: steps.count + 1, timestamp: Self.time(header.time), source: message.role.rawValue,
          message: .string(message.content)))
    }
    var prompt = 0
    for turn in transcript.turns {
      prompt += turn.contextTokens.count
      steps.append(Self.step(turn, id: steps.count + 1, promptTokens: prompt))
      prompt += turn.actionTokens.count
    }
    finalMetrics = FinalMetrics(
      promptTokens: steps.compactMap { $0.metrics?.promptTokens }.reduce(0, +),
      completionTokens: steps.compactMap { $0.metrics?.completionTokens }.reduce(0, +),
      steps: steps.count)
    extra = Extra(
      hindsight: Extra.Hindsight(
        lines: String(decoding: lines, as: UTF8.self).split(
          separator: "\n", omittingEmptySubsequences: false
        ).map(String.init)))
  }

  private static func step(_ turn: Turn, id: Int, promptTokens: Int) -> Step {
    var step = Step(
      id: id, timestamp: time(turn.time), source: "agent", message: .string(turn.text))
    var call: String?
    if let made = turn.call, let arguments = arguments(of: made) {
      call = "call-\(turn.number)"
      step.toolCalls = [ToolCall(id: "call-\(turn.number)", name: made.name, arguments: arguments)]
    }
    if let text = turn.observation ?? turn.result?.text {
      step.observation = Observation(results: [.init(call: call, content: .string(text))])
    }
    if !turn.actionTokens.isEmpty {
      step.metrics = Metrics(
        promptTokens: promptTokens, completionTokens: turn.actionTokens.count,
        completionTokenIDs: turn.actionTokens,
        logprobs: turn.logprobs.allSatisfy(\.isFinite) ? turn.logprobs : nil)
    } else if let usage = turn.action.usage {
      step.metrics = Metrics(
        promptTokens: usage.promptTokens, completionTokens: usage.completionTokens)
    }
    return step
  }

  private static func arguments(of call: Tools.ToolCall) -> JSONValue? {
    guard let data = try? JSONEncoder().encode(call),
      case .object(let members)? = try? JSONDecoder().decode(JSONValue.self, from: data)
    else { return nil }
    return members["arguments"] ?? .object([:])
  }

  private static func time(_ seconds: Double) -> String {
    Date(timeIntervalSince1970: seconds).formatted(
      .iso8601.year().month().day().timeZone(separator: .omitted).time(
        includingFractionalSeconds: true))
  }

  /// The transcript that was written as this; nil if another program wrote it.
  public var transcriptLines: Data? {
    guard let lines = extra?.hindsight?.lines, !lines.isEmpty else { return nil }
    return Data(lines.joined(separator: "\n").utf8)
  }
}

extension ATIF {
  /// The number of the first step of a file that isn't what `transcript` is exported as; nil if all are.
  ///
  /// - Throws: if the file isn't ATIF.
  public static func firstDifference(
    of file: Data, from transcript: Transcript
  ) throws -> Int? {
    let written = try rawSteps(of: file)
    let expected = try rawSteps(of: JSONEncoder().encode(ATIF(transcript, lines: Data())))
    let same = zip(written, expected).prefix { $0 == $1 }.count
    return same == max(written.count, expected.count) ? nil : same + 1
  }

  /// Steps with whatever keys they have: one that was added is a difference.
  private struct Raw: Decodable {
    var steps: [JSONValue]
  }

  private static func rawSteps(of file: Data) throws -> [JSONValue] {
    try JSONDecoder().decode(Raw.self, from: file).steps.map { plain($0) }
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
