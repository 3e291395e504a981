public import LanguageModel
public import Tools

/// Why an episode ended. Whatever it is, the diff so far is the result.
public enum StopReason: Sendable, Hashable {
  case submitted
  case turnLimit
  case tokenLimit
  case timeLimit
  /// The model's window is full.
  case contextFull
  /// Too many replies in a row were no actions.
  case formatErrors
  /// Too many tools in a row ran into their time limit.
  case toolTimeouts
  case cancelled
  /// Something around the agent failed (sandbox, disk, endpoint): such an episode is dropped and
  /// counted, never graded.
  case infrastructure(String)

  /// The reason's name in transcripts and metrics.
  public var name: String {
    switch self {
    case .submitted: "submitted"
    case .turnLimit: "turn_limit"
    case .tokenLimit: "token_limit"
    case .timeLimit: "time_limit"
    case .contextFull: "context_full"
    case .formatErrors: "format_errors"
    case .toolTimeouts: "tool_timeouts"
    case .cancelled: "cancelled"
    case .infrastructure: "infrastructure"
    }
  }

  /// What failed, for `infrastructure`.
  public var detail: String? {
    if case .infrastructure(let detail) = self { detail } else { nil }
  }

  /// Nil when no reason has this name.
  public init?(name: String, detail: String?) {
    let plain: [StopReason] = [
      .submitted, .turnLimit, .tokenLimit, .timeLimit, .contextFull, .formatErrors, .toolTimeouts,
      .cancelled,
    ]
    if let reason = plain.first(where: { $0.name == name }) {
      self = reason
    } else if name == "infrastructure" {
      self = .infrastructure(detail ?? "")
    } else {
      return nil
    }
  }

  /// Whether a grade of the trajectory would say nothing about the policy.
  public var isInfrastructure: Bool { detail != nil || self == .cancelled }
}

/// One action and what came of it.
public struct Turn: Sendable, Equatable {
  /// From 1.
  public var number: Int
  /// Whether the policy had forgotten the turns before, and was given the first messages again.
  public var beginsContext: Bool
  /// What the policy said, in tokens and text.
  public var action: PolicyTurn
  /// The action, if the text was one.
  public var call: ToolCall?
  /// What was wrong with the text, if it was none.
  public var formatError: FormatError?
  /// What the tool gave; nil after a format error.
  public var result: ToolResult?
  /// What the policy is told of it: the next user message's text, unless a new context begins there; nil when the
  /// episode ended here.
  public var observation: String?
  /// The work tree after the action.
  public var snapshot: Snapshot
  /// Seconds since 1970 when the turn began.
  public var time: Double
  /// Seconds that the policy took.
  public var policySeconds: Double

  public init(
    number: Int, beginsContext: Bool = false, action: PolicyTurn, call: ToolCall? = nil,
    formatError: FormatError? = nil, result: ToolResult? = nil, observation: String? = nil,
    snapshot: Snapshot, time: Double, policySeconds: Double
  ) {
    self.number = number
    self.beginsContext = beginsContext
    self.action = action
    self.call = call
    self.formatError = formatError
    self.result = result
    self.observation = observation
    self.snapshot = snapshot
    self.time = time
    self.policySeconds = policySeconds
  }

  /// For people: its number, and where it begins a context.
  public var title: String { "Turn \(number)" + (beginsContext ? ", in a new context" : "") }

  /// What the agent is told of the turn.
  func rendered(by dialect: any Dialect) -> String {
    if let call, let result { return dialect.renderObservation(result, of: call) }
    return dialect.renderObservation(formatError ?? FormatError(problem: "", example: ""))
  }

  public var contextTokens: [TokenID] { action.contextTokens }
  public var actionTokens: [TokenID] { action.actionTokens }
  public var logprobs: [Float] { action.logprobs }
  public var text: String { action.text }
}

/// A whole episode: what was said, done and seen, token for token.
public struct Trajectory: Sendable, Equatable {
  public var taskID: String
  /// Which of the task's group this is, from 0.
  public var sample: Int
  public var seed: UInt64
  public var dialect: String
  /// The system message and the first user message.
  public var opening: [ChatMessage]
  /// The work tree as the agent got it; nil only if it could not be made.
  public var base: Snapshot?
  public var turns: [Turn]
  public var stopReason: StopReason
  /// A git patch from the base to the last state, protected paths included; not always UTF-8.
  public var finalDiff: [UInt8]
  /// Protected paths that differ from the base, sorted: grading takes nothing from them.
  public var protectedPathsTouched: [String]
  public var seconds: Double

  public init(
    taskID: String, sample: Int, seed: UInt64, dialect: String, opening: [ChatMessage],
    base: Snapshot? = nil, turns: [Turn] = [], stopReason: StopReason, finalDiff: [UInt8] = [],
    protectedPathsTouched: [String] = [], seconds: Double = 0
  ) {
    self.taskID = taskID
    self.sample = sample
    self.seed = seed
    self.dialect = dialect
    self.opening = opening
    self.base = base
    self.turns = turns
    self.stopReason = stopReason
    self.finalDiff = finalDiff
    self.protectedPathsTouched = protectedPathsTouched
    self.seconds = seconds
  }
}

extension [Turn] {
  /// The turns of each context, in order: those that the policy remembered one another's.
  public var contexts: [[Turn]] {
    var contexts: [[Turn]] = []
    for turn in self {
      if turn.beginsContext || contexts.isEmpty { contexts.append([]) }
      contexts[contexts.count - 1].append(turn)
    }
    return contexts
  }
}

extension Trajectory {
  /// The trajectory of each context; all but its turns is the whole's.
  public var contexts: [Trajectory] {
    turns.contexts.map { turns in
      var part = self
      part.turns = turns
      return part
    }
  }

  /// Every turn's context and action tokens in order, those of all contexts: T tokens.
  public var allTokens: [TokenID] { turns.flatMap { $0.contextTokens + $0.actionTokens } }

  /// True on action tokens, [T].
  public var actionMask: [Bool] {
    turns.flatMap { turn in
      Array(repeating: false, count: turn.contextTokens.count)
        + Array(repeating: true, count: turn.actionTokens.count)
    }
  }

  /// The sampler's log-probabilities, [T]; 0 where ``actionMask`` is false.
  public var alignedLogprobs: [Float] {
    turns.flatMap { Array(repeating: 0, count: $0.contextTokens.count) + $0.logprobs }
  }

  /// The number of tokens that the policy sampled.
  public var actionTokenCount: Int { turns.reduce(0) { $0 + $1.actionTokens.count } }

  /// Replies that were no actions.
  public var malformedCalls: Int { turns.count { $0.formatError != nil } }

  /// Actions that are the same as the one right before, on an unchanged work tree.
  public var repeatedCalls: Int {
    zip(turns, turns.dropFirst()).count { earlier, later in
      guard let call = later.call, !later.beginsContext else { return false }
      return call == earlier.call && earlier.snapshot.tree == later.snapshot.tree
    }
  }

  /// The last state of the work tree.
  public var lastSnapshot: Snapshot? { turns.last?.snapshot ?? base }
}
