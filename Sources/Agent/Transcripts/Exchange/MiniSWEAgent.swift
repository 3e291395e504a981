import LanguageModel
import Tools

/// mini-swe-agent's `.traj.json`, format mini-swe-agent-1.1.
public struct MiniSWEAgent: Codable, Sendable {
  static let format = "mini-swe-agent-1.1"

  struct Action: Codable, Sendable {
    var command: String?
  }

  struct Message: Codable, Sendable {
    struct Extra: Codable, Sendable {
      var actions: [Action]?
      var returnCode: Int?
      var rawOutput: String?
      var timestamp: Double?
      var exitStatus: String?
      var submission: String?
      /// What the model said, where it was no action and isn't a message of its own.
      var modelResponse: String?

      enum CodingKeys: String, CodingKey {
        case actions, timestamp, submission
        case returnCode = "returncode"
        case rawOutput = "raw_output"
        case exitStatus = "exit_status"
        case modelResponse = "model_response"
      }
    }
    var role: String
    /// A text; null or parts in some.
    var content: JSONValue?
    var extra: Extra?

    var text: String { content?.spokenText ?? "" }
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
    var exitStatus: String?
    var submission: String?

    enum CodingKeys: String, CodingKey {
      case submission
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
  public init(_ transcript: Transcript) {
    trajectoryFormat = Self.format
    messages = transcript.header.messages.map {
      Message(role: $0.role.rawValue, content: .string($0.content))
    }
    for turn in transcript.turns {
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
      $0.stopReason == .submitted ? "Submitted" : $0.stopReason.name
    }
    let diff = transcript.end.map { String(decoding: $0.finalDiff, as: UTF8.self) } ?? ""
    info = Info(
      statistics: Info.Statistics(instanceCost: 0, calls: transcript.turns.count),
      exitStatus: status, submission: diff)
    messages.append(
      Message(
        role: "exit", content: .string(diff),
        extra: Message.Extra(exitStatus: status, submission: diff)))
  }
}
