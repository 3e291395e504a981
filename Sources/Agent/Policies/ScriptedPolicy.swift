public import LanguageModel

/// A policy that says what it is told to: for demonstrations and tests.
public struct ScriptedPolicy: Policy {
  /// Gives the answer to `messages`, all that was said so far and isn't forgotten; `turn` counts them from 1.
  public typealias Script =
    @Sendable (_ turn: Int, _ messages: [ChatMessage]) async throws -> PolicyTurn

  public let name: String
  private let script: Script
  private var context: TokenContext?

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

  /// The same script with its tokens: contexts as a chat of `chatFormat`, actions as the text's
  /// tokens and the end of the turn, log-probabilities 0. This is how demonstrations are made.
  public func tokenized(by tokenizer: Tokenizer, chatFormat: ChatFormat) -> ScriptedPolicy {
    var policy = self
    policy.context = TokenContext(tokenizer: tokenizer, chatFormat: chatFormat)
    return policy
  }

  public var identity: PolicyIdentity { PolicyIdentity(kind: "scripted", name: name) }

  public func session(seed: UInt64, limits: SessionLimits) async throws -> any PolicySession {
    ScriptedSession(script: script, context: context, window: limits.contextTokens)
  }
}

/// A script that is shorter than its episode.
public struct ScriptedPolicyError: Error, CustomStringConvertible {
  public var replies: Int

  public var description: String { "the script ended after \(replies) replies without a submit" }
}

private actor ScriptedSession: PolicySession {
  private let script: ScriptedPolicy.Script
  private var window: Int?
  private var context: TokenContext?
  private var messages: [ChatMessage] = []
  private var turn = 0

  init(script: @escaping ScriptedPolicy.Script, context: TokenContext?, window: Int?) {
    self.script = script
    self.context = context
    self.window = window
  }

  func act(_ newMessages: [ChatMessage], maxTokens: Int) async throws -> PolicyTurn {
    messages += newMessages
    turn += 1
    return said(newMessages, try await script(turn, messages))
  }

  func recall(_ newMessages: [ChatMessage], _ action: PolicyTurn) -> PolicyTurn {
    messages += newMessages
    turn += 1
    return said(newMessages, PolicyTurn(text: action.text, finish: action.finish))
  }

  func forget(seed: UInt64) {
    (messages, turn) = ([], 0)
    guard let old = context else { return }
    window? -= old.tokens.count
    context = TokenContext(tokenizer: old.tokenizer, chatFormat: old.chatFormat)
  }

  private func said(_ newMessages: [ChatMessage], _ answer: PolicyTurn) -> PolicyTurn {
    var answer = answer
    messages.append(ChatMessage(role: .assistant, content: answer.text))
    guard let format = context?.chatFormat, let tokenizer = context?.tokenizer else {
      return answer
    }
    answer.contextTokens = context?.encoding(newMessages) ?? []
    answer.actionTokens = tokenizer.encode(answer.text)
    if answer.finish == .stop { answer.actionTokens.append(format.endOfTurn) }
    answer.logprobs = Array(repeating: 0, count: answer.actionTokens.count)
    context?.append(answer.contextTokens)
    if let window, context?.tokens.count ?? 0 >= window {
      return PolicyTurn(contextTokens: answer.contextTokens, text: "", finish: .contextFull)
    }
    context?.append(answer.actionTokens)
    return answer
  }
}
