import Foundation
import LanguageModel
import Tools

/// Harbor's Agent Trajectory Interchange Format, as far as it is read and written here: written as ATIF-v1.7, read as
/// any 1.x.
struct ATIF: Codable, Sendable {
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

  var schemaVersion: String
  var sessionID: String?
  var agent: Agent
  var steps: [Step]
  var finalMetrics: FinalMetrics?

  enum CodingKeys: String, CodingKey {
    case agent, steps
    case schemaVersion = "schema_version"
    case sessionID = "session_id"
    case finalMetrics = "final_metrics"
  }
}

extension ATIF {
  init(_ transcript: Transcript) {
    let header = transcript.header
    schemaVersion = Self.version
    sessionID = "\(header.task)/\(header.sample)/\(header.seed)"
    agent = Agent(name: Self.agentName, version: "\(header.version)", modelName: header.policy.name)
    steps = []
    add(header.messages, at: header.time)
    var prompt = 0
    for turn in transcript.turns {
      if turn.beginsContext {
        add(header.messages, at: turn.time)
        prompt = 0
      }
      prompt += turn.contextTokens.count
      steps.append(Self.step(turn, id: steps.count + 1, promptTokens: prompt))
      prompt += turn.actionTokens.count
    }
    finalMetrics = FinalMetrics(
      promptTokens: steps.compactMap { $0.metrics?.promptTokens }.reduce(0, +),
      completionTokens: steps.compactMap { $0.metrics?.completionTokens }.reduce(0, +),
      steps: steps.count)
  }

  private mutating func add(_ opening: [ChatMessage], at time: Double) {
    for message in opening {
      steps.append(
        Step(
          id: steps.count + 1, timestamp: Self.time(time), source: message.role.rawValue,
          message: .string(message.content)))
    }
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
}
