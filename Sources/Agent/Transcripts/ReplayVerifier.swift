public import Tools

/// Where a replay is not what the transcript says.
public struct Divergence: Sendable, Equatable {
  public enum Kind: String, Sendable {
    /// The text doesn't say what the transcript says was called.
    case action
    case exitCode = "exit code"
    case output
    case tree
    case finalDiff = "final diff"
  }

  /// From 1; 0 for the final diff.
  public var turn: Int
  public var kind: Kind
  public var recorded: String
  public var replayed: String

  public init(turn: Int, kind: Kind, recorded: String, replayed: String) {
    self.turn = turn
    self.kind = kind
    self.recorded = recorded
    self.replayed = replayed
  }
}

/// Carries out a transcript's actions again in a fresh work tree and compares what each left behind:
/// exit code, output (see ``OutputNormalization``) and tree. No model is needed.
public struct ReplayVerifier: Sendable {
  public var transcript: Transcript
  /// How tools run; the transcript's own unless changed.
  public var environment: ToolEnvironment

  public init(_ transcript: Transcript) {
    self.transcript = transcript
    environment = transcript.header.environment
  }

  /// - Parameters:
  ///   - source: the tree that the episode began with.
  ///   - progress: called after each turn that is the same.
  /// - Returns: the first divergence; nil when everything is the same.
  /// - Throws: `TranscriptError` when the source has another tree than the transcript began with, or
  ///   its dialect isn't known; `ToolsError` when the machine is to blame.
  public func verify(
    from source: TreeSource, at place: Episode.Place,
    progress: @Sendable (Turn) -> Void = { _ in }
  ) async throws -> Divergence? {
    let verifier = try verifier(source, place)
    for turn in transcript.turns {
      try Task.checkCancellation()
      if let divergence = try await verifier.divergence(of: turn) { return divergence }
      progress(turn)
    }
    return try finalDivergence(verifier.hands.workspace)
  }

  /// What each turn changes in the work tree, as git's patches: [turns]. Found by carrying all of them out again.
  ///
  /// - Throws: as ``verify(from:at:progress:)`` does, and `TranscriptError` if a turn isn't the same.
  public func changes(from source: TreeSource, at place: Episode.Place) async throws -> [[UInt8]] {
    let verifier = try verifier(source, place)
    let workspace = verifier.hands.workspace
    var changes: [[UInt8]] = []
    for turn in transcript.turns {
      try Task.checkCancellation()
      let before = workspace.head
      if let divergence = try await verifier.divergence(of: turn) {
        throw TranscriptError("turn \(turn.number): the \(divergence.kind.rawValue) differs")
      }
      changes.append(try workspace.diff(from: before, to: workspace.head))
    }
    return changes
  }

  /// The transcript with what its actions come to now. What the agent said and saw in tokens stays; a grade is left
  /// out if the final diff is another one.
  ///
  /// - digest: SHA-256 of the transcript's file, which the new header names.
  /// - differs: called with every divergence, in their order.
  /// - Throws: as ``verify(from:at:progress:)`` does, and `TranscriptError` if a turn's text isn't its action: no
  ///   change of the machine explains that.
  public func updated(
    from source: TreeSource, at place: Episode.Place, digest: String,
    differs: (Divergence) -> Void
  ) async throws -> Transcript {
    let verifier = try verifier(source, place)
    var updated = transcript
    updated.header.updatedFrom = digest
    updated.header.environment = environment
    for (index, turn) in transcript.turns.enumerated() {
      try Task.checkCancellation()
      let (now, divergence) = try await verifier.again(turn)
      guard let divergence else { continue }
      guard divergence.kind != .action else {
        throw TranscriptError("turn \(turn.number) doesn't say what was called: it was edited")
      }
      differs(divergence)
      updated.turns[index] = now
    }
    if let divergence = try finalDivergence(verifier.hands.workspace) {
      differs(divergence)
      let workspace = verifier.hands.workspace
      updated.end?.finalDiff = try workspace.diff(since: workspace.base)
      updated.end?.protectedPathsTouched = try transcript.header.protectedPaths.map(
        PathPattern.init
      )
      .touched(by: workspace.changedPaths(from: workspace.base, to: workspace.head))
      updated.end?.grade = nil
    }
    return updated
  }

  private func verifier(_ source: TreeSource, _ place: Episode.Place) throws -> TurnVerifier {
    let header = transcript.header
    let dialect = try header.knownDialect()
    let workspace = try Workspace.materialize(
      source, recorder: place.recorder, name: place.name, at: place.workTree,
      agentRepository: header.agentRepository)
    guard workspace.base.tree == header.base.tree else {
      throw TranscriptError(
        "the work tree of \(header.task) is now \(workspace.base.tree.short), but the transcript"
          + " began with \(header.base.tree.short): the files have changed since, so it can't be"
          + " replayed")
    }
    let hands = ToolHands(
      workspace: workspace, dialect: dialect,
      toolbox: environment.toolbox(
        root: workspace.path, testCommand: header.testCommand, workdir: header.workdir))
    return TurnVerifier(hands: hands)
  }

  private func finalDivergence(_ workspace: Workspace) throws -> Divergence? {
    guard let end = transcript.end else { return nil }
    let diff = try workspace.diff(since: workspace.base)
    guard diff != end.finalDiff else { return nil }
    return Divergence(
      turn: 0, kind: .finalDiff, recorded: String(decoding: end.finalDiff, as: UTF8.self),
      replayed: String(decoding: diff, as: UTF8.self))
  }
}

/// Carries out recorded turns again, one after the other.
struct TurnVerifier {
  let hands: ToolHands

  /// How the turn differs from what was recorded; nil if it doesn't.
  func divergence(of turn: Turn) async throws -> Divergence? { try await again(turn).1 }

  /// The turn as it is now, and how it differs from what was recorded.
  func again(_ turn: Turn) async throws -> (Turn, Divergence?) {
    var now = turn
    func differs(_ kind: Divergence.Kind, _ recorded: String, _ replayed: String) -> Divergence? {
      guard recorded != replayed else { return nil }
      return Divergence(turn: turn.number, kind: kind, recorded: recorded, replayed: replayed)
    }
    guard let call = turn.call, let recorded = turn.result else {
      now.snapshot = try hands.note(turn.formatError ?? FormatError(problem: "", example: ""))
      return (
        now, differs(.tree, turn.snapshot.tree.description, now.snapshot.tree.description)
      )
    }
    switch hands.dialect.parse(turn.text) {
    case .success(let said):
      let difference = differs(.action, hands.dialect.render(call), hands.dialect.render(said))
      if let difference { return (now, difference) }
    case .failure(let error):
      return (now, differs(.action, hands.dialect.render(call), error.description))
    }
    let (result, snapshot) = try await hands.carryOut(call)
    (now.result, now.snapshot) = (result, snapshot)
    if turn.observation != nil {
      now.observation = hands.dialect.renderObservation(result, of: call)
    }
    let divergence =
      differs(.exitCode, Self.exit(recorded), Self.exit(result))
      ?? differs(
        .output, OutputNormalization.normalized(recorded.text),
        OutputNormalization.normalized(result.text))
      ?? differs(.tree, turn.snapshot.tree.description, snapshot.tree.description)
    return (now, divergence)
  }

  private static func exit(_ result: ToolResult) -> String {
    if result.timedOut { return "timed out" }
    return result.exitCode.map { "exit code \($0)" } ?? "no exit code"
  }
}
