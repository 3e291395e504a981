public import LanguageModel

/// Something that answers a chat: the local network, a remote endpoint or a script.
///
/// A policy is shared by the episodes of a run; each episode talks to a session of its own.
public protocol Policy: Sendable {
  /// What answers, for a transcript's header.
  var identity: PolicyIdentity { get }

  /// Starts a conversation whose randomness comes from `seed` alone.
  func session(seed: UInt64, limits: SessionLimits) async throws -> any PolicySession

  /// The same, told of tools beside the messages.
  ///
  /// - Throws: where that isn't possible and there are some.
  func session(
    seed: UInt64, limits: SessionLimits, tools: [ToolDefinition]
  ) async throws -> any PolicySession
}

extension Policy {
  public func session(
    seed: UInt64, limits: SessionLimits, tools: [ToolDefinition]
  ) async throws -> any PolicySession {
    guard tools.isEmpty else {
      throw PolicyError(
        "the dialect has the tools told beside the messages, which takes an endpoint: not \(description)"
      )
    }
    return try await session(seed: seed, limits: limits)
  }
}

/// Why a policy can't be used so, as one sentence.
public struct PolicyError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

extension Policy {
  /// One line for people: kind and name.
  public var description: String { "\(identity.kind) \(identity.name)" }
}

/// One conversation: it remembers what was said, so only what is new is passed on.
public protocol PolicySession: AnyObject, Sendable {
  /// Answers `newMessages`: the opening messages at first, then the observations as user messages.
  ///
  /// - Parameter maxTokens: the most tokens that this action may have.
  /// - Throws: when no answer can be had (an unreachable endpoint, say), never for a bad answer.
  func act(_ newMessages: [ChatMessage], maxTokens: Int) async throws -> PolicyTurn

  /// Takes over a turn of an earlier conversation, as if `act(newMessages)` had answered `action`.
  ///
  /// - Returns: the action in this session's tokens: those it had, where they mean the same here; else the text's,
  ///   with log-probabilities that are not numbers, for nobody drew them.
  func recall(_ newMessages: [ChatMessage], _ action: PolicyTurn) async throws -> PolicyTurn

  /// Forgets what was said: what is told next are the first messages again, and randomness comes from `seed` anew.
  /// The limits are those of all that was ever said.
  func forget(seed: UInt64) async

  /// Frees what the conversation holds (a KV cache, a connection). The episode calls it once.
  func end() async
}

extension PolicySession {
  public func end() async {}
}

/// What one conversation may use.
public struct SessionLimits: Sendable, Codable, Equatable {
  /// Context and actions together, in tokens, those that were forgotten as well; nil: whatever the model's window allows.
  public var contextTokens: Int?

  public init(contextTokens: Int? = nil) {
    self.contextTokens = contextTokens
  }
}

/// What a policy is, as a transcript's header records it.
public struct PolicyIdentity: Sendable, Codable, Equatable {
  /// `local`, `remote` or `scripted`.
  public var kind: String
  /// The model's name.
  public var name: String
  /// SHA-256 of the weights, when they are at hand.
  public var modelDigest: String?
  /// SHA-256 of the adapter, if there is one.
  public var adapterDigest: String?
  /// How actions are sampled: names as in OpenAI's requests (`temperature`, `top_p`, `top_k` …).
  public var sampling: [String: Double]

  enum CodingKeys: String, CodingKey {
    case kind, name, sampling
    case modelDigest = "model_digest"
    case adapterDigest = "adapter_digest"
  }

  public init(
    kind: String, name: String, modelDigest: String? = nil, adapterDigest: String? = nil,
    sampling: [String: Double] = [:]
  ) {
    self.kind = kind
    self.name = name
    self.modelDigest = modelDigest
    self.adapterDigest = adapterDigest
    self.sampling = sampling
  }
}

/// One answer of a policy. Tokens are the truth; the text is decoded for people and for parsing.
public struct PolicyTurn: Sendable, Equatable {
  /// Why the answer ended.
  public enum Finish: String, Sendable, Codable, CaseIterable {
    /// The policy closed its turn.
    case stop
    /// `maxTokens` were used up.
    case length
    /// The context window is full; the text may be cut or empty.
    case contextFull
  }

  /// Tokens fed since the last action (prompt, observations); empty when the policy shows none.
  public var contextTokens: [TokenID]
  /// Sampled tokens, the end-of-turn token included if it was sampled; empty if not shown.
  public var actionTokens: [TokenID]
  /// Log-probability of each action token under the sampling temperature, in nats.
  public var logprobs: [Float]
  /// The action as text, without special tokens.
  public var text: String
  public var finish: Finish
  /// What the endpoint counted, for policies that show no tokens.
  public var usage: TokenUsage?

  /// - Precondition: `logprobs` is as long as `actionTokens`.
  public init(
    contextTokens: [TokenID] = [], actionTokens: [TokenID] = [], logprobs: [Float] = [],
    text: String, finish: Finish, usage: TokenUsage? = nil
  ) {
    precondition(logprobs.count == actionTokens.count, "one log-probability per action token")
    self.contextTokens = contextTokens
    self.actionTokens = actionTokens
    self.logprobs = logprobs
    self.text = text
    self.finish = finish
    self.usage = usage
  }
}

/// Token counts of one request, as an endpoint reports them.
public struct TokenUsage: Sendable, Codable, Equatable {
  public var promptTokens: Int
  public var completionTokens: Int

  public init(promptTokens: Int, completionTokens: Int) {
    // An endpoint may say anything, and these are added up.
    self.promptTokens = min(max(promptTokens, 0), 1 << 40)
    self.completionTokens = min(max(completionTokens, 0), 1 << 40)
  }
}
