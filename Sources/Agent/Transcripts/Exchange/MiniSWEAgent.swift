import Foundation
import LanguageModel
import Tools

/// mini-swe-agent's `.traj.json`, as far as it is read and written here: written in the format mini-swe-agent-1.1, read
/// in mini-swe-agent-1 as well, which its versions before 2.0 wrote.
struct MiniSWEAgent: Codable, Sendable {
  static let format = "mini-swe-agent-1.1"
  private static let firstFormat = "mini-swe-agent-1"

  struct Action: Codable, Sendable {
    var command: String?
    /// The tool call's id, where the model made one.
    var call: String?

    enum CodingKeys: String, CodingKey {
      case command
      case call = "tool_call_id"
    }
  }

  struct Message: Codable, Sendable {
    struct Extra: Codable, Sendable {
      var actions: [Action]?
      var returnCode: Int?
      var rawOutput: String?
      var exceptionInfo: String?
      var timestamp: Double?
      var exitStatus: String?
      var submission: String?
      /// What the model said, where it was no action and isn't a message of its own.
      var modelResponse: String?

      enum CodingKeys: String, CodingKey {
        case actions, timestamp, submission
        case returnCode = "returncode"
        case rawOutput = "raw_output"
        case exceptionInfo = "exception_info"
        case exitStatus = "exit_status"
        case modelResponse = "model_response"
      }
    }
    var role: String
    /// A text; null or parts in some.
    var content: JSONValue?
    var extra: Extra?
    /// Of the tool call that this answers.
    var call: String?

    enum CodingKeys: String, CodingKey {
      case role, content, extra
      case call = "tool_call_id"
    }

    var text: String { content?.spokenText ?? "" }
    /// Whether it answers a call that something before it kept from being carried out, or that submitted.
    var isUnexecuted: Bool { extra?.exceptionInfo == "action was not executed" }
  }

  struct Info: Codable, Sendable {
    struct Statistics: Codable, Sendable {
      var instanceCost: Double?
      var calls: Int?

      enum CodingKeys: String, CodingKey {
        case instanceCost = "instance_cost"
        case calls = "api_calls"
      }
    }
    var statistics: Statistics?
    /// Of any shape: each model and environment has its own.
    var config: JSONValue?
    var exitStatus: String?
    var submission: String?

    enum CodingKeys: String, CodingKey {
      case config, submission
      case statistics = "model_stats"
      case exitStatus = "exit_status"
    }
  }

  var info: Info
  var messages: [Message]
  var trajectoryFormat: String

  enum CodingKeys: String, CodingKey {
    case info, messages
    case trajectoryFormat = "trajectory_format"
  }
}

extension MiniSWEAgent {
  static let submitted = "Submitted"

  private func setting(_ section: String, _ key: String) -> JSONValue? {
    guard case .object(let config)? = info.config, case .object(let values)? = config[section]
    else { return nil }
    return values[key]
  }

  /// The model that spoke; nil if the configuration doesn't say.
  var modelName: String? {
    guard case .string(let name)? = setting("model", "model_name"), !name.isEmpty else {
      return nil
    }
    return name
  }

  /// Why the episode ended; cancelled, like a transcript without an end, if that isn't said.
  var stopReason: StopReason {
    let status = info.exitStatus ?? messages.last?.extra?.exitStatus ?? ""
    switch status {
    case "": return .cancelled
    case Self.submitted: return .submitted
    case "LimitsExceeded": return exceededLimit
    case "TimeExceeded": return .timeLimit
    case "RepeatedFormatError": return .formatErrors
    case "ContextWindowExceededError": return .contextFull
    default:
      return StopReason(name: status, detail: nil)
        ?? .infrastructure("mini-swe-agent ended with \(status)")
    }
  }

  /// Steps, or else cost: what tokens cost.
  private var exceededLimit: StopReason {
    guard case .integer(let limit)? = setting("agent", "step_limit") else { return .turnLimit }
    let steps = info.statistics?.calls ?? limit
    return limit > 0 && steps >= limit ? .turnLimit : .tokenLimit
  }
}

extension MiniSWEAgent {
  /// The first format has actions only in the messages' texts, and exit codes only in the observations'.
  var hasOnlyTexts: Bool { trajectoryFormat == Self.firstFormat }

  /// The one block of a command in a message's text, found as the agent finds it, and the text around it; nil if there
  /// are none or several.
  static func command(in text: String) -> (around: String, command: String)? {
    let blocks = text.matches(
      of: #/```(?:bash|mswea_bash_command)\s*\n(.*?)\n```/#
        .dotMatchesNewlines().matchingSemantics(.unicodeScalar))
    guard blocks.count == 1, let block = blocks.first else { return nil }
    func trimmed(_ text: Substring) -> String {
      text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    let around = [text[..<block.range.lowerBound], text[block.range.upperBound...]]
      .map(trimmed).filter { !$0.isEmpty }
    return (around.joined(separator: "\n\n"), trimmed(block.output.1))
  }
}

extension MiniSWEAgent {
  init(_ transcript: Transcript) {
    trajectoryFormat = Self.format
    let opening = transcript.header.messages.map {
      Message(role: $0.role.rawValue, content: .string($0.content))
    }
    messages = opening
    for turn in transcript.turns {
      if turn.beginsContext { messages += opening }
      var said = Message.Extra(actions: [], timestamp: turn.time)
      if case .shell(let command)? = turn.call { said.actions = [Action(command: command)] }
      messages.append(Message(role: "assistant", content: .string(turn.text), extra: said))
      guard let observation = turn.observation else { continue }
      messages.append(
        Message(
          role: "user", content: .string(observation),
          extra: Message.Extra(
            returnCode: turn.result?.exitCode.map(Int.init), rawOutput: turn.result?.text,
            timestamp: turn.time)))
    }
    let status = transcript.end.map {
      $0.stopReason == .submitted ? Self.submitted : $0.stopReason.name
    }
    let diff = transcript.end.map { String(decoding: $0.finalDiff, as: UTF8.self) } ?? ""
    info = Info(
      statistics: Info.Statistics(instanceCost: 0, calls: transcript.turns.count),
      config: .object([
        "model": .object(["model_name": .string(transcript.header.policy.name)])
      ]),
      exitStatus: status, submission: diff)
    messages.append(
      Message(
        role: "exit", content: .string(diff),
        extra: Message.Extra(exitStatus: status, submission: diff)))
  }
}
