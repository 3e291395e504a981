public import Foundation
public import LanguageModel
import Tools

/// An episode that another agent recorded: what it was told and what it said. Carried out again, it becomes a
/// transcript of ours.
public struct ForeignEpisode: Sendable {
  /// Who said it.
  public var name: String
  /// The system message and the first user message.
  public var opening: [ChatMessage]
  /// What the agent said, turn by turn, as the dialect reads it.
  public var replies: [String]
  /// Turns with calls that can't be carried out here.
  public var left = 0
  /// Exit codes that were recorded, by turn; nil where there was none.
  public var exitCodes: [Int?]
  public var dialect: any Dialect { BashDialect() }

  /// Reads ATIF or mini-swe-agent's trajectory.
  ///
  /// - Throws: `TranscriptError` naming the file, if it is neither or holds nothing that an agent said.
  public init(_ data: Data, file: String) throws(TranscriptError) {
    let root: JSONValue
    do {
      root = try JSONDecoder().decode(JSONValue.self, from: data)
    } catch {
      throw TranscriptError("\(file): not JSON; expected a trajectory of ATIF or of mini-swe-agent")
    }
    guard case .object(let members) = root else {
      throw TranscriptError("\(file): expected a JSON object")
    }
    do {
      self = try Self.read(members, data)
    } catch {
      throw TranscriptError("\(file): \(Self.sentence(error))")
    }
    guard !replies.isEmpty else { throw TranscriptError("\(file): no agent says anything in it") }
  }

  private static func read(
    _ members: [String: JSONValue], _ data: Data
  ) throws -> ForeignEpisode {
    let decoder = JSONDecoder()
    if case .string(let version)? = members["schema_version"], version.hasPrefix("ATIF-v1.") {
      return ForeignEpisode(try decoder.decode(ATIF.self, from: data))
    }
    if case .string(let format)? = members["trajectory_format"],
      format.hasPrefix("mini-swe-agent-1")
    {
      return ForeignEpisode(try decoder.decode(MiniSWEAgent.self, from: data))
    }
    throw TranscriptError(
      "it has neither a schema_version of ATIF-v1 nor mini-swe-agent's trajectory_format")
  }

  private init(_ trajectory: MiniSWEAgent) {
    name = "mini-swe-agent"
    (opening, replies, exitCodes) = ([], [], [])
    for message in trajectory.messages {
      switch message.role {
      case "system", "user", "tool":
        if let said = message.extra?.modelResponse {
          replies.append(said)
          exitCodes.append(nil)
        } else if !replies.isEmpty {
          exitCodes[replies.count - 1] = message.extra?.returnCode
        } else {
          opening.append(
            ChatMessage(role: message.role == "system" ? .system : .user, content: message.text))
        }
      case "assistant":
        let commands = message.extra?.actions?.compactMap(\.command) ?? []
        add(message.text, commands.map { .shell(command: $0) })
      default: break
      }
    }
  }

  private init(_ trajectory: ATIF) {
    name = trajectory.agent.name
    (opening, replies, exitCodes) = ([], [], [])
    for step in trajectory.steps {
      let text = step.message.spokenText
      switch step.source {
      case "agent": add(text, (step.toolCalls ?? []).map(Self.call))
      case "system" where replies.isEmpty, "user" where replies.isEmpty:
        opening.append(ChatMessage(role: step.source == "system" ? .system : .user, content: text))
      default: break
      }
    }
  }

  /// The names under which agents know the shell.
  private static let shells = [
    "bash", "shell", "execute_bash", "run_command", "terminal", "execute",
  ]

  private static func call(_ call: ATIF.ToolCall) -> Tools.ToolCall? {
    guard shells.contains(call.name), case .object(let arguments) = call.arguments else {
      return call.name == "submit" || call.name == "finish" ? .submit : nil
    }
    for key in ["command", "cmd", "keystrokes"] {
      if case .string(let command)? = arguments[key] { return .shell(command: command) }
    }
    return nil
  }

  /// A turn: its only call, with the text before it; without calls, the text as it stands. Several calls in one
  /// turn, or a tool that isn't known here, can't be carried out: the text stays, and is no action.
  private mutating func add(_ text: String, _ calls: [Tools.ToolCall?]) {
    exitCodes.append(nil)
    let said = try? dialect.parse(text).get()
    guard let call = calls.first else { return replies.append(text) }
    guard calls.count == 1, let call else {
      left += 1
      return replies.append(said == nil ? text : text.replacing("```", with: "'''"))
    }
    let action = dialect.render(call)
    if said != nil, said == (try? dialect.parse(action).get()) { return replies.append(text) }
    // A block in the text would stand beside the call's own.
    let thought = text.replacing("```", with: "'''")
    replies.append(thought.isEmpty ? action : "\(thought)\n\n\(action)")
  }

  private static func sentence(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    switch error {
    case .keyNotFound(let key, _): return "'\(key.stringValue)' is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
      .dataCorrupted(let context):
      let place = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
      return "'\(place.joined(separator: "."))' isn't what the format has there"
    @unknown default: return "it isn't what the format has"
    }
  }
}
