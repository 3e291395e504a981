public import Agent
public import Foundation
public import LanguageModel
import Tools

/// Correct actions at a task, tokens and all, and what hindsight there could be about the task.
public struct OracleAttempt: Sendable {
  public var task: RepairTask
  /// An oracle's episode that mends the task.
  public var trajectory: Trajectory
  /// The trajectory as one that had failed before: with the feedback on doing nothing, or on a wrong
  /// edit. Then a sibling that succeeded.
  var members: [GroupMember]

  /// The sibling's index: no rollout's.
  static let sibling = 1 << 20

  package var subject: GapSubject {
    GapSubject(task: task, trajectory: trajectory, members: members)
  }
}

/// Plays oracles through real episodes of tasks, to see how likely a network finds what they do.
public struct OracleAttempts: Sendable {
  public var dialect: any Dialect
  public var tools: [ToolName]
  public var environment: ToolEnvironment
  public var tokenizer: Tokenizer
  public var chatFormat: ChatFormat
  /// How hindsight is worded.
  public var hindsight: HindsightConfiguration
  public var seed: UInt64
  /// Where a recorder and work trees go.
  public var folder: URL

  public init(
    dialect: any Dialect, tools: [ToolName] = ToolName.allCases, environment: ToolEnvironment,
    tokenizer: Tokenizer, chatFormat: ChatFormat, hindsight: HindsightConfiguration, seed: UInt64,
    folder: URL
  ) {
    self.dialect = dialect
    self.tools = tools
    self.environment = environment
    self.tokenizer = tokenizer
    self.chatFormat = chatFormat
    self.hindsight = hindsight
    self.seed = seed
    self.folder = folder
  }

  public struct Made: Sendable {
    /// In the tasks' order.
    public var attempts: [OracleAttempt]
    /// Why a task has none, a sentence each.
    public var problems: [String]
  }

  /// One attempt of each task, `jobs` at a time.
  ///
  /// - Throws: `CancellationError`, or that the folder can't be used.
  public func make(
    _ tasks: [RepairTask], jobs: Int = 2, finished: @escaping @Sendable () -> Void = {}
  ) async throws -> Made {
    let recorder = try Recorder(
      at: folder.appending(path: "oracle.git").path(percentEncoded: false))
    var results = [Result<OracleAttempt, DemonstrationError>?](repeating: nil, count: tasks.count)
    try await inParallel(Array(tasks.enumerated()), jobs: jobs) { index, task in
      do {
        return (index, .success(try await attempt(task, recorder)))
      } catch let error as CancellationError {
        throw error
      } catch {
        return (index, .failure(error as? DemonstrationError ?? DemonstrationError("\(error)")))
      }
    } each: { (index: Int, result: Result<OracleAttempt, DemonstrationError>) in
      results[index] = result
      finished()
    }
    try Task.checkCancellation()
    var made = Made(attempts: [], problems: [])
    for result in results.compactMap({ $0 }) {
      switch result {
      case .success(let attempt): made.attempts.append(attempt)
      case .failure(let problem): made.problems.append(problem.description)
      }
    }
    return made
  }

  private func attempt(_ task: RepairTask, _ recorder: Recorder) async throws -> OracleAttempt {
    let oracle = try await Oracle.read(
      task, sandbox: environment.sandbox, recorder: recorder, workTree: workTree(task, "oracle"))
    var random = SplitMix64(seeds: seed, Rollouts.number(of: task.id), 0x6761_70)
    let makers = oracle.scripts(dialect, environment, tools: tools)
    let trajectory = try await right(task, makers, recorder)
    let form = hindsight.feedbackForm ?? .full
    let grader = Grader(sandbox: environment.sandbox, tightCharacters: form.tightCharacters)
    guard await grader.grade(task, patch: trajectory.finalDiff).resolved else {
      throw DemonstrationError("\(task.id): the grader doesn't find its solution resolved")
    }
    // A wrong edit, or nothing done, about as often.
    let wrong = random.index(below: 2) == 0 ? makers[0].mistaken(random: &random) : nil
    let grade = try await failure(task, wrong, recorder, grader)
    let own = GroupMember(
      trajectory, index: 0, solved: false, feedback: hindsight.feedback(grade))
    let sibling = GroupMember(
      trajectory, index: OracleAttempt.sibling, solved: true, feedback: "")
    return OracleAttempt(task: task, trajectory: trajectory, members: [own, sibling])
  }

  /// An episode that mends the task, with a try where the visible tests see the bug.
  private func right(
    _ task: RepairTask, _ makers: [DemonstrationScript.Maker], _ recorder: Recorder
  ) async throws -> Trajectory {
    var problem = ""
    for maker in makers {
      let script = maker.straight()
      let trajectory = await play(
        task, script.steps.map(\.text), recorder, maker.tries ? "right-try" : "right-edit")
      guard
        let found = trajectory.stopReason.detail ?? script.problem(with: trajectory)?.description
      else {
        return trajectory
      }
      problem = found
    }
    throw DemonstrationError("\(task.id): \(problem)")
  }

  /// The grade of an attempt that fails: of the wrong script, if there is one and it is wrong.
  private func failure(
    _ task: RepairTask, _ wrong: DemonstrationScript?, _ recorder: Recorder, _ grader: Grader
  ) async throws -> Grade {
    if let wrong {
      let patch = await play(task, wrong.steps.map(\.text), recorder, "wrong").finalDiff
      let grade = await grader.grade(task, patch: patch)
      if !patch.isEmpty, !grade.resolved, !grade.feedback.isEmpty { return grade }
    }
    let idle = await grader.grade(task, patch: [])
    if let reason = idle.infrastructureFailure { throw DemonstrationError("\(task.id): \(reason)") }
    guard !idle.resolved else { throw DemonstrationError("\(task.id) needs no mending") }
    return idle
  }

  private func play(
    _ task: RepairTask, _ texts: [String], _ recorder: Recorder, _ name: String
  ) async -> Trajectory {
    let episode = Episode(
      assignment: task.assignment, dialect: dialect, tools: tools,
      limits: EpisodeLimits(turns: texts.count), environment: environment)
    return await episode.run(
      ScriptedPolicy(name: "oracle", texts: texts)
        .tokenized(by: tokenizer, chatFormat: chatFormat),
      at: Episode.Place(
        recorder: recorder, name: "gap/\(task.id)/\(name)", workTree: workTree(task, name)),
      seed: seed)
  }

  private func workTree(_ task: RepairTask, _ name: String) -> String {
    folder.appending(path: "oracle-work/\(task.id)-\(name)").path(percentEncoded: false)
  }
}
