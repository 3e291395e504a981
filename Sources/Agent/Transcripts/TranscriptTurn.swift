import Foundation
import LanguageModel
import Tools

/// A turn as one line of a transcript.
struct TranscriptTurn: Codable {
  struct Result: Codable {
    var text: String
    var exitCode: Int32?
    var isError: Bool
    var timedOut: Bool
    var outOfMemory: Bool
    var seconds: Double

    enum CodingKeys: String, CodingKey {
      case text, seconds
      case exitCode = "exit_code"
      case isError = "is_error"
      case timedOut = "timed_out"
      case outOfMemory = "out_of_memory"
    }
  }

  struct Usage: Codable {
    var promptTokens: Int
    var completionTokens: Int

    enum CodingKeys: String, CodingKey {
      case promptTokens = "prompt_tokens"
      case completionTokens = "completion_tokens"
    }
  }

  var type = TranscriptLineType.turn
  var turn: Int
  /// Left out where it isn't true.
  var newContext: Bool?
  var time: Double
  var contextTokens: [TokenID]
  var actionTokens: [TokenID]
  var logprobs: [Float]
  var text: String
  var finish: PolicyTurn.Finish
  var usage: Usage?
  var call: ToolCall?
  var formatError: FormatError?
  var result: Result?
  var observation: String?
  var commit: ObjectID
  var tree: ObjectID
  var policySeconds: Double

  enum CodingKeys: String, CodingKey {
    case type, turn, time, logprobs, text, finish, usage, call, result, observation, commit, tree
    case newContext = "new_context"
    case contextTokens = "context_tokens"
    case actionTokens = "action_tokens"
    case formatError = "format_error"
    case policySeconds = "policy_seconds"
  }

  init(_ turn: Turn) {
    self.turn = turn.number
    newContext = turn.beginsContext ? true : nil
    time = turn.time
    contextTokens = turn.contextTokens
    actionTokens = turn.actionTokens
    logprobs = turn.logprobs
    text = turn.text
    finish = turn.action.finish
    usage = turn.action.usage.map {
      Usage(promptTokens: $0.promptTokens, completionTokens: $0.completionTokens)
    }
    call = turn.call
    formatError = turn.formatError
    result = turn.result.map {
      Result(
        text: $0.text, exitCode: $0.exitCode, isError: $0.isError, timedOut: $0.timedOut,
        outOfMemory: $0.outOfMemory, seconds: $0.seconds)
    }
    observation = turn.observation
    commit = turn.snapshot.commit
    tree = turn.snapshot.tree
    policySeconds = turn.policySeconds
  }

  /// - Throws: a sentence's end when the line contradicts itself.
  func checked() throws(TranscriptLineProblem) -> Turn {
    guard logprobs.count == actionTokens.count else {
      throw TranscriptLineProblem(
        "has \(actionTokens.count) action_tokens but \(logprobs.count) logprobs")
    }
    guard (call == nil) == (result == nil), call == nil || formatError == nil else {
      throw TranscriptLineProblem("must have a call with a result, or a format_error, not both")
    }
    let usage = usage.map {
      TokenUsage(promptTokens: $0.promptTokens, completionTokens: $0.completionTokens)
    }
    let result = result.map {
      ToolResult(
        text: $0.text, exitCode: $0.exitCode, isError: $0.isError, timedOut: $0.timedOut,
        outOfMemory: $0.outOfMemory, seconds: $0.seconds)
    }
    return Turn(
      number: turn, beginsContext: newContext ?? false,
      action: PolicyTurn(
        contextTokens: contextTokens, actionTokens: actionTokens, logprobs: logprobs, text: text,
        finish: finish, usage: usage),
      call: call, formatError: formatError, result: result, observation: observation,
      snapshot: Snapshot(commit: commit, tree: tree), time: time, policySeconds: policySeconds)
  }
}

/// What is wrong with a line, as the end of a sentence that begins with its place.
struct TranscriptLineProblem: Error {
  var problem: String

  init(_ problem: String) {
    self.problem = problem
  }
}
