import Foundation
import LanguageModel
import Tools

/// The turns of one episode, from the first action to the stop reason.
struct EpisodeLoop {
  private let episode: Episode
  private let session: any PolicySession
  private let hands: ToolHands
  private let clock: EpisodeClock
  private let observers: [any EpisodeObserver]
  private(set) var trajectory: Trajectory

  private var newMessages: [ChatMessage]
  private var beginsContext = false
  /// Turns in a row, in this context, that left the files as they were.
  private var turnsInVain = 0
  private var formatErrorsInRow = 0
  private var timeoutsInRow = 0

  init(
    episode: Episode, session: any PolicySession, workspace: Workspace, clock: EpisodeClock,
    observers: [any EpisodeObserver], trajectory: Trajectory
  ) {
    self.episode = episode
    self.session = session
    self.clock = clock
    self.observers = observers
    self.trajectory = trajectory
    newMessages = trajectory.opening
    hands = ToolHands(
      workspace: workspace, dialect: episode.dialect,
      toolbox: episode.environment.toolbox(
        root: workspace.path, testCommand: episode.assignment.testCommand,
        workdir: episode.assignment.workdir))
  }

  /// Takes turns of an earlier episode again.
  ///
  /// - Throws: `TranscriptError` if one leaves something else than it did then.
  private mutating func retake(_ turns: [Turn]) async throws {
    let verifier = TurnVerifier(hands: hands)
    for turn in turns {
      try Task.checkCancellation()
      if turn.beginsContext { await beginAnew() }
      if let divergence = try await verifier.divergence(of: turn) {
        throw TranscriptError(
          "turn \(turn.number) can't be taken again: its \(divergence.kind.rawValue) is another now"
        )
      }
      var taken = turn
      taken.action = try await session.recall(newMessages, turn.action)
      taken.snapshot = hands.workspace.head
      let observation = taken.rendered(by: episode.dialect)
      taken.observation = observation
      newMessages = [ChatMessage(role: .user, content: observation)]
      try await take(taken)
    }
    // Whoever goes on reads what was said.
    turnsInVain = 0
  }

  /// Goes on after `turns`, which are taken again first.
  mutating func run(after turns: [Turn]) async {
    do {
      try await retake(turns)
      while true {
        if let reason = try limitReached() {
          trajectory.stopReason = reason
          return
        }
        if let limit = episode.limits.resetAfter, turnsInVain >= limit { await beginAnew() }
        if let reason = try await takeTurn() {
          trajectory.stopReason = reason
          return
        }
      }
    } catch is EpisodeClock.Expired {
      trajectory.stopReason = .timeLimit
    } catch {
      // A tool that dies because the episode was cancelled is no failure of the machine.
      let isCancelled = error is CancellationError || Task.isCancelled
      trajectory.stopReason = isCancelled ? .cancelled : .infrastructure("\(error)")
    }
  }

  private func limitReached() throws -> StopReason? {
    try Task.checkCancellation()
    if trajectory.turns.count >= episode.limits.turns { return .turnLimit }
    if clock.isExpired { return .timeLimit }
    return actionTokensLeft <= 0 ? .tokenLimit : nil
  }

  /// The most tokens that the next action may have.
  private var actionTokensLeft: Int {
    guard let total = episode.limits.totalTokens else { return episode.limits.actionTokens }
    let shown = trajectory.turns.reduce(0) { $0 + $1.contextTokens.count + $1.actionTokens.count }
    // An endpoint's count of a context's last request holds all of that context.
    let reported = trajectory.turns.contexts.compactMap(\.last?.action.usage)
      .reduce(0) { $0 + $1.promptTokens + $1.completionTokens }
    return min(episode.limits.actionTokens, total - max(shown, reported))
  }

  /// Lets the policy forget all but the first messages.
  private mutating func beginAnew() async {
    // Else whoever draws by the seed alone would say the same again.
    var random = SplitMix64(seeds: trajectory.seed, UInt64(trajectory.turns.count))
    await session.forget(seed: random.next())
    newMessages = trajectory.opening
    (beginsContext, turnsInVain) = (true, 0)
  }

  /// Adds a turn to the trajectory and tells of it.
  private mutating func take(_ turn: Turn) async throws {
    let before = trajectory.lastSnapshot?.tree
    turnsInVain = turn.snapshot.tree == before ? turnsInVain + 1 : 0
    beginsContext = false
    trajectory.turns.append(turn)
    for observer in observers { try await observer.took(turn) }
  }

  /// One action and its consequences; a reason when it was the last.
  private mutating func takeTurn() async throws -> StopReason? {
    let time = clock.unixTime
    let started = clock.elapsed
    let (session, messages, maxTokens) = (session, newMessages, actionTokensLeft)
    let action = try await clock.withinLimit {
      try await session.act(messages, maxTokens: maxTokens)
    }
    let policySeconds = clock.elapsed - started
    if action.finish == .contextFull, action.actionTokens.isEmpty, action.text.isEmpty {
      return .contextFull
    }
    var turn = Turn(
      number: trajectory.turns.count + 1, beginsContext: beginsContext, action: action,
      snapshot: hands.workspace.head, time: time, policySeconds: policySeconds)
    let observation = try await carryOut(&turn)
    let reason = reasonToStop(after: turn)
    if reason == nil {
      turn.observation = observation
      newMessages = [ChatMessage(role: .user, content: observation)]
    }
    try await take(turn)
    return reason
  }

  /// Parses the action, runs it and records the work tree. Returns the observation.
  private mutating func carryOut(_ turn: inout Turn) async throws -> String {
    switch parse(turn.action) {
    case .success(let call):
      let (result, snapshot) = try await hands.carryOut(call)
      turn.call = call
      turn.result = result
      turn.snapshot = snapshot
      formatErrorsInRow = 0
      timeoutsInRow = result.timedOut ? timeoutsInRow + 1 : 0
    case .failure(let error):
      turn.formatError = error
      turn.snapshot = try hands.note(error)
      formatErrorsInRow += 1
    }
    return turn.rendered(by: episode.dialect)
  }

  private func parse(_ action: PolicyTurn) -> Result<ToolCall, FormatError> {
    switch episode.dialect.parse(action.text) {
    case .success(let call) where !episode.tools.contains(ToolName(call)):
      let offered = episode.tools.map(\.rawValue).joined(separator: ", ")
      return .failure(
        FormatError(
          problem: "\(call.name) is not offered here (\(offered))",
          example: episode.dialect.render(.view(path: "README.md"))))
    case .failure(let error) where action.finish != .stop:
      return .failure(
        FormatError(
          problem: "the reply was too long and was cut off; \(error.problem)",
          example: error.example))
    case let parsed:
      return parsed
    }
  }

  private func reasonToStop(after turn: Turn) -> StopReason? {
    if let call = turn.call, let result = turn.result, episode.dialect.submits(call, result) {
      return .submitted
    }
    if turn.action.finish == .contextFull { return .contextFull }
    if formatErrorsInRow >= episode.limits.formatErrors { return .formatErrors }
    return timeoutsInRow >= episode.limits.toolTimeouts ? .toolTimeouts : nil
  }
}

/// Runs calls in a work tree and records what each leaves behind: shared by episodes and replays.
struct ToolHands {
  let workspace: Workspace
  let dialect: any Dialect
  let toolbox: Toolbox

  func carryOut(_ call: ToolCall) async throws(ToolsError) -> (ToolResult, Snapshot) {
    let result = try await toolbox.run(call)
    let snapshot = try workspace.commit("\(call.summary)\n\n\(dialect.render(call))\n")
    return (result, snapshot)
  }

  /// Records a reply that was no action: a commit like any other turn's.
  func note(_ error: FormatError) throws(ToolsError) -> Snapshot {
    try workspace.commit("format error: \(error.problem)\n")
  }
}

/// An episode's time.
struct EpisodeClock: Sendable {
  struct Expired: Error {}

  private let start = ContinuousClock.now
  private let limit: Duration

  init(wallSeconds: Double) {
    // Beyond a year a limit is none, and Duration can't overflow.
    limit = .seconds(min(max(0, wallSeconds), 3.2e7))
  }

  /// Seconds since the episode began.
  var elapsed: Double { (ContinuousClock.now - start) / .seconds(1) }

  var isExpired: Bool { ContinuousClock.now - start >= limit }

  /// Seconds since 1970, to the millisecond.
  var unixTime: Double { (Date().timeIntervalSince1970 * 1000).rounded() / 1000 }

  /// Runs `body`, cancelled when the episode's time is up.
  ///
  /// - Throws: `Expired`, or what `body` throws.
  func withinLimit<Value: Sendable>(
    _ body: @Sendable @escaping () async throws -> Value
  ) async throws -> Value {
    try await withDeadline(start + limit, expired: Expired(), body)
  }
}
