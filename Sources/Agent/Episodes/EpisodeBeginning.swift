public import LanguageModel
public import Tools

/// What an episode takes over from an earlier one.
public struct EpisodeBeginning: Sendable {
  /// Nil if it wasn't an episode of ours.
  public var origin: ForkOrigin?
  /// What the episode's work tree must be at first, if that is known.
  public var tree: ObjectID?
  /// The system message and the first user message.
  public var opening: [ChatMessage]
  public var turns: [Turn]

  /// Another agent's episode, of which only the first messages are taken over.
  public init(_ episode: ForeignEpisode) {
    opening = episode.opening
    turns = []
  }

  /// The first turns of a transcript; all, if `count` is nil.
  ///
  /// - digest: SHA-256 of the transcript's file.
  /// - Throws: `TranscriptError` if it hasn't so many, or the last of them submits.
  public init(
    _ transcript: Transcript, turns count: Int? = nil, digest: String
  ) throws(TranscriptError) {
    let count = count ?? transcript.turns.count
    guard (0...transcript.turns.count).contains(count) else {
      throw TranscriptError(
        "the transcript has \(transcript.turns.count) turns: expected 0 to that, not \(count)")
    }
    turns = Array(transcript.turns.prefix(count))
    if turns.last?.call == .submit {
      throw TranscriptError("turn \(count) submits: there is nothing to go on with after it")
    }
    tree = transcript.header.base.tree
    opening = transcript.header.messages
    origin = ForkOrigin(transcript: digest, turn: count)
  }
}

extension Episode {
  /// An episode under the conditions of an earlier one.
  ///
  /// - source: the tree that it began with.
  /// - more: turns at most, after those that `beginning` holds.
  /// - Throws: `TranscriptError` if its dialect isn't known.
  public init(
    like header: TranscriptHeader, after beginning: EpisodeBeginning, source: TreeSource,
    more: Int
  ) throws(TranscriptError) {
    let dialect = try header.knownDialect()
    var limits = header.limits
    limits.turns = beginning.turns.count + more
    self.init(
      assignment: Assignment(
        id: header.task, instruction: "", source: source, testCommand: header.testCommand,
        protectedPaths: header.protectedPaths.map { PathPattern($0) }, workdir: header.workdir),
      dialect: dialect, tools: header.tools, limits: limits, environment: header.environment,
      agentRepository: header.agentRepository)
  }
}
