public import Agent
import LanguageModel
import Tools

/// What hindsight says of a saved episode: log q − log π of each token that the agent wrote, in nats, where q
/// knows how it ended and π doesn't. Below 0, hindsight finds the token less likely: blame.
public struct Credit: Sendable {
  public struct Token: Sendable {
    public var text: String
    public var gap: Double
  }

  public struct Turn: Sendable {
    /// From 1.
    public var number: Int
    public var tokens: [Token]

    public var sum: Double { tokens.reduce(0) { $0 + $1.gap } }
  }

  /// What q was told.
  public var hint: String
  public var turns: [Turn]

  /// The first turn whose blame is at least half of the worst turn's, if that is half a nat or more.
  public var blamed: Int? {
    guard let worst = turns.map(\.sum).min(), worst <= -0.5 else { return nil }
    return turns.first { $0.sum <= worst / 2 }?.number
  }
}

extension Credit {
  /// Scores a transcript's tokens by one network with and without hindsight.
  ///
  /// - solution: a patch that solves the task; needed for `solution` and `both`.
  /// - Throws: ``TrainingError`` if the transcript has no tokens, no feedback, or was written with another
  ///   tokenizer or prompt.
  public static func score(
    _ transcript: Transcript, policy: LocalPolicy, content: HindsightConfiguration.Content,
    solution: String?
  ) async throws -> Credit {
    let trajectory = transcript.trajectory
    guard trajectory.turns.contains(where: { !$0.actionTokens.isEmpty }) else {
      throw TrainingError("it holds no tokens: only what a local model wrote can be scored")
    }
    let hint = try hint(transcript, content, solution)
    let builder = ContextBuilder(
      policy, dialect: Dialects.named(trajectory.dialect) ?? CompactDialect(),
      tools: transcript.header.tools)
    let parts = trajectory.tokenContexts
    let students = parts.map(builder.student)
    let vocabulary = policy.engine.config.vocabularySize
    guard students.flatMap(\.tokens).allSatisfy({ (0..<vocabulary).contains(Int($0)) }) else {
      throw TrainingError("its tokens aren't this model's: the vocabulary has \(vocabulary)")
    }
    let teachers = try parts.map { try builder.teacher($0, told: hint) }
    let gaps = try await gaps(students, teachers, policy)
    var next = gaps.makeIterator()
    let turns = trajectory.turns.map { turn in
      Turn(
        number: turn.number,
        tokens: turn.actionTokens.map { id in
          Token(
            text: String(decoding: policy.tokenizer.bytes(of: id), as: UTF8.self),
            gap: next.next() ?? 0)
        })
    }
    return Credit(hint: hint, turns: turns)
  }

  /// The mean of log q − log π over an attempt's tokens, in nats, where q knows what the tests said of its end:
  /// the higher, the less hindsight would have done otherwise.
  ///
  /// - by: other weights than the policy's, if not those.
  /// - Throws: ``TrainingError`` if the attempt holds no tokens or there is no feedback.
  public static func approval(
    of trajectory: Trajectory, feedback: String, policy: LocalPolicy, by learner: Learner? = nil,
    dialect: any Dialect, tools: [ToolName]
  ) async throws -> Double {
    let builder = ContextBuilder(policy, dialect: dialect, tools: tools)
    let pairs = try builder.pairs(trajectory, feedback: feedback)
    let gaps = try await gaps(pairs.map(\.student), pairs.map(\.teacher), policy, learner)
    return gaps.reduce(0, +) / Double(max(1, gaps.count))
  }

  /// Of each action token, in order.
  private static func gaps(
    _ students: [ScoredContext], _ teachers: [ScoredContext], _ policy: LocalPolicy,
    _ learner: Learner? = nil
  ) async throws -> [Double] {
    let learner =
      learner ?? Learner(transformer: policy.engine.transformer, adapter: policy.adapter)
    return try await policy.engine.read { _ in
      zip(try learner.logprobs([teachers]), try learner.logprobs([students])).map { $0 - $1 }
    }
  }

  private static func hint(
    _ transcript: Transcript, _ content: HindsightConfiguration.Content, _ solution: String?
  ) throws -> String {
    // A run on a repository of one's own has no grade: what its tests said last is known instead.
    let feedback =
      transcript.end?.grade.map { $0.feedback(.full, limit: 2_000) } ?? transcript.lastFailure ?? ""
    var configuration = HindsightConfiguration()
    configuration.content = content
    configuration.feedbackOnlyWithoutSolution = false
    let trajectory = transcript.trajectory
    let group = [
      GroupMember(
        taskID: trajectory.taskID, trajectoryIndex: 0, solved: false, diff: "", feedback: feedback),
      GroupMember(
        taskID: trajectory.taskID, trajectoryIndex: 1, solved: true, diff: solution ?? "",
        feedback: nil),
    ]
    guard
      let context = HindsightContext.build(
        for: 0, in: group, configuration: configuration, seed: trajectory.seed)
    else {
      throw TrainingError(
        content == .solution
          ? "there is no solution to tell"
          : "it holds no feedback on a failure: it has nothing to tell")
    }
    return context.text
  }
}

extension Transcript {
  /// What the visible tests said when they ran last, if they failed.
  fileprivate var lastFailure: String? {
    var (told, tried): (ToolResult?, ToolResult?)
    for turn in turns {
      switch turn.call {
      case .test: told = turn.result
      case .tryOut where turn.result?.exitCode != nil:
        // One that was taken back says least of how the tests stand.
        if turn.result?.isTakenBack == true { tried = turn.result } else { told = turn.result }
      default: break
      }
    }
    guard let result = told ?? tried, result.isError else { return nil }
    return result.text
  }
}

extension Agent.Turn {
  /// Lines of a patch that stand in this turn's edit: what it led to.
  package func lines(of patch: String) -> [String] {
    let written: [String]
    switch call {
    case .edit(_, _, let new): written = ToolCall.lines(new)
    case .editLines(_, _, _, let lines): written = lines
    case .insert(_, _, let lines): written = lines
    case .tryOut: written = call?.trials.flatMap(\.lines) ?? []
    case .create(_, let contents): written = ToolCall.lines(contents)
    default: return []
    }
    let known = Set(written.map { $0.trimmingPrefix { $0 == " " || $0 == "\t" } }.map(String.init))
    return patch.split(separator: "\n").filter { line in
      guard line.hasPrefix("+"), !line.hasPrefix("+++ ") else { return false }
      let text = line.dropFirst().trimmingPrefix { $0 == " " || $0 == "\t" }
      return !text.isEmpty && known.contains(String(text))
    }.map(String.init)
  }
}
