public import Foundation
public import LanguageModel
import Tools

/// An episode that another agent recorded: what it was told and what it said. Carried out again, it becomes a
/// transcript of ours.
public struct ForeignEpisode: Sendable {
  /// Who said it: the model, or else the agent.
  public var name: String
  /// The system message and the first user message.
  public var opening: [ChatMessage]
  /// What the agent said, turn by turn, as the dialect reads it.
  public var replies: [String]
  /// Turns with calls that can't be carried out here.
  public var left = 0
  /// Exit codes that were recorded, by turn; nil where there was none.
  public var exitCodes: [Int?]
  /// Why it ended, if its last reply doesn't submit; cancelled, like a transcript without an end, if nothing says so.
  public var stopReason: StopReason
  public var dialect: any Dialect { BashDialect() }

  /// All that the file says, for what isn't read here.
  public var record: ExchangeRecord

  /// Reads ATIF or mini-swe-agent's trajectory. One that carries a transcript of ours may be of an agent that said
  /// nothing.
  ///
  /// - Throws: `TranscriptError` naming the file, if it is neither or holds nothing that an agent said.
  public init(_ data: Data, file: String) throws(TranscriptError) {
    do {
      self = try JSONDecoder().decode(Reading.self, from: data).episode
    } catch let error as TranscriptError {
      throw TranscriptError("\(file): \(error.description)")
    } catch {
      if let overflow = JSONOverflow.first(in: data) {
        throw TranscriptError("\(file):\(overflow.line): \(overflow.problem)")
      }
      throw TranscriptError("\(file): not JSON; expected a trajectory of ATIF or of mini-swe-agent")
    }
    guard !replies.isEmpty || record.transcriptLines != nil else {
      throw TranscriptError("\(file): no agent says anything in it")
    }
  }

  /// The file as it stands and what is read of it, decoded at once.
  private struct Reading: Decodable {
    var episode: ForeignEpisode

    init(from decoder: any Decoder) throws {
      guard case .object(let members) = try JSONValue(from: decoder) else {
        throw TranscriptError("expected a JSON object")
      }
      guard let record = ExchangeRecord(members) else {
        throw TranscriptError(
          "it has neither a schema_version of ATIF-v1 nor mini-swe-agent's trajectory_format")
      }
      do {
        switch record.format {
        case .atif: episode = ForeignEpisode(try ATIF(from: decoder), record)
        case .miniSWEAgent: episode = ForeignEpisode(try MiniSWEAgent(from: decoder), record)
        }
      } catch let error as DecodingError {
        throw TranscriptError(ForeignEpisode.sentence(error))
      }
    }
  }

  private init(_ trajectory: MiniSWEAgent, _ record: ExchangeRecord) {
    self.record = record
    name = trajectory.modelName ?? "mini-swe-agent"
    stopReason = trajectory.stopReason
    (opening, replies, exitCodes) = ([], [], [])
    for (index, message) in trajectory.messages.enumerated() {
      switch message.role {
      case "system", "user", "tool":
        if let said = message.extra?.modelResponse {
          append(said)
        } else if replies.isEmpty {
          opening.append(
            ChatMessage(role: message.role == "system" ? .system : .user, content: message.text))
        }
      case "assistant":
        let after = trajectory.messages[(index + 1)...].prefix { $0.role != "assistant" }
        if trajectory.hasOnlyTexts, let said = MiniSWEAgent.command(in: message.text) {
          let exitCode = after.first?.content.flatMap { Self.exitCode(in: $0) }
          add(said.around, [Call(action: .shell(command: said.command), exitCode: exitCode)])
        } else {
          add(message.text, Self.calls(of: message, before: after))
        }
      default: break
      }
    }
  }

  private static func calls(
    of message: MiniSWEAgent.Message, before after: ArraySlice<MiniSWEAgent.Message>
  ) -> [Call] {
    let actions = message.extra?.actions ?? []
    let answers = Self.answers(
      to: actions.map { $0.call }, among: after.filter { $0.extra?.returnCode != nil }, id: \.call)
    let calls = zip(actions, answers).map { action, answer in
      Call(
        action: action.command.map { Tools.ToolCall.shell(command: $0) },
        exitCode: answer?.isUnexecuted == true ? nil : answer?.extra?.returnCode)
    }
    // The first of these is the submission itself; those after it never ran.
    guard after.last?.extra?.exitStatus == MiniSWEAgent.submitted,
      let last = answers.firstIndex(where: { $0?.isUnexecuted == true })
    else { return calls }
    return Array(calls[...last])
  }

  private init(_ trajectory: ATIF, _ record: ExchangeRecord) {
    self.record = record
    name = trajectory.agent.modelName ?? trajectory.agent.name
    (opening, replies, exitCodes, stopReason) = ([], [], [], .cancelled)
    for step in trajectory.steps {
      let text = step.message.spokenText
      switch step.source {
      case "agent": add(text, Self.calls(of: step))
      case "system" where replies.isEmpty, "user" where replies.isEmpty:
        opening.append(ChatMessage(role: step.source == "system" ? .system : .user, content: text))
      default: break
      }
    }
    // An agent that calls nothing more has ended the episode itself; ours has only been misunderstood.
    if let last = trajectory.steps.last, last.source == "agent", (last.toolCalls ?? []).isEmpty,
      (try? dialect.parse(last.message.spokenText).get()) == nil,
      trajectory.agent.name != ATIF.agentName
    {
      stopReason = .submitted
    }
  }

  private static func calls(of step: ATIF.Step) -> [Call] {
    let calls = step.toolCalls ?? []
    let answers = Self.answers(
      to: calls.map { $0.id }, among: step.observation?.results ?? [], id: \.call)
    return zip(calls, answers).map { call, answer in
      Call(action: Self.call(call), exitCode: answer?.content.flatMap { Self.exitCode(in: $0) })
    }
  }

  /// As mini-swe-agent's observations begin, and those of its dialect here.
  private static func exitCode(in content: JSONValue) -> Int? {
    let match = content.spokenText.prefixMatch(of: #/<returncode>(-?[0-9]+)</returncode>/#)
    return match.flatMap { Int($0.output.1) }
  }

  /// What answers each call: what names it or, where ids are missing, the next one.
  private static func answers<Answer>(
    to calls: [String?], among given: [Answer], id: KeyPath<Answer, String?>
  ) -> [Answer?] {
    var left = given
    return calls.map { call -> Answer? in
      let place =
        left.firstIndex { $0[keyPath: id] == call }
        ?? left.firstIndex { call == nil || $0[keyPath: id] == nil }
      return place.map { left.remove(at: $0) }
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

  /// A call, nil if it can't be carried out here, and the exit code that was recorded of it.
  private struct Call {
    var action: Tools.ToolCall?
    var exitCode: Int?
  }

  /// A turn for each call, the text before the first; without calls, the text as it stands.
  private mutating func add(_ text: String, _ calls: [Call]) {
    if calls.isEmpty { append(text) }
    for (index, call) in calls.enumerated() {
      if call.action == nil { left += 1 }
      let said = reply(index == 0 ? text : "", call.action)
      append(said, exitCode: call.exitCode)
      // What is called beside it is carried out no more.
      if (try? dialect.parse(said).get()) == .submit { return }
    }
  }

  private mutating func append(_ reply: String, exitCode: Int? = nil) {
    replies.append(reply)
    exitCodes.append(exitCode)
  }

  /// The text, then the call. A tool that isn't known here can't be called: the text stays, and is no action.
  private func reply(_ text: String, _ call: Tools.ToolCall?) -> String {
    let said = try? dialect.parse(text).get()
    // A block in the text would stand beside the call's own.
    let thought = text.replacing("```", with: "'''")
    guard let call else { return said == nil ? text : thought }
    let action = dialect.render(call)
    if said != nil, said == (try? dialect.parse(action).get()) { return text }
    return thought.isEmpty ? action : "\(thought)\n\n\(action)"
  }

  private static func sentence(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _): return "'\(key.stringValue)' is missing"
    // It is JSON: a count that no Int holds, a log-probability that no Float does.
    case .dataCorrupted(let context) where context.codingPath.isEmpty:
      return "a number in it is out of range"
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
      .dataCorrupted(let context):
      let place = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
      return "'\(place.joined(separator: "."))' isn't what the format has there"
    @unknown default: return "it isn't what the format has"
    }
  }
}
