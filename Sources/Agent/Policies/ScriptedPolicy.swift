public import LanguageModel

/// A policy that says what it is told to: for demonstrations and tests.
public struct ScriptedPolicy: Policy {
  /// Gives the answer to `messages`, all that was said so far; `turn` counts from 1.
  public typealias Script =
    @Sendable (_ turn: Int, _ messages: [ChatMessage]) async throws -> PolicyTurn

  public let name: String
  private let script: Script

  /// Answers with what `script` returns.
  public init(name: String = "script", _ script: @escaping Script) {
    self.name = name
    self.script = script
  }

  /// Says `texts` one after the other. A session that is asked for more throws
  /// ``ScriptedPolicyError``.
  public init(name: String = "script", texts: [String]) {
    self.init(name: name) { turn, _ in
      guard turn <= texts.count else { throw ScriptedPolicyError(replies: texts.count) }
      return PolicyTurn(text: texts[turn - 1], finish: .stop)
    }
  }

  public var identity: PolicyIdentity { PolicyIdentity(kind: "scripted", name: name) }

  public func session(seed: UInt64, limits: SessionLimits) async throws -> any PolicySession {
    ScriptedSession(script: script)
  }
}

/// A script that is shorter than its episode.
public struct ScriptedPolicyError: Error, CustomStringConvertible {
  public var replies: Int

  public var description: String { "the script ended after \(replies) replies without a submit" }
}

private actor ScriptedSession: PolicySession {
  private let script: ScriptedPolicy.Script
  private var messages: [ChatMessage] = []
  private var turn = 0

  init(script: @escaping ScriptedPolicy.Script) {
    self.script = script
  }

  func act(_ newMessages: [ChatMessage], maxTokens: Int) async throws -> PolicyTurn {
    messages += newMessages
    turn += 1
    let answer = try await script(turn, messages)
    messages.append(ChatMessage(role: .assistant, content: answer.text))
    return answer
  }
}
