public import Agent
public import Foundation
import LanguageModel
public import Tools

/// Makes demonstrations of tasks from their solutions: a script that knows the repair works through
/// the real episode, in the real sandbox; what the grader doesn't find resolved is thrown away.
public struct DemonstrationMaker: Sendable {
  public var dialect: any Dialect
  public var tools: [ToolName]
  public var environment: ToolEnvironment
  public var recorder: Recorder
  /// Where work trees are made; each is removed when its episode ends.
  public var workFolder: URL
  public var seed: UInt64
  /// How hindsight is worded: as in training.
  public var hindsight: HindsightConfiguration

  public init(
    dialect: any Dialect, tools: [ToolName] = ToolName.allCases, environment: ToolEnvironment,
    recorder: Recorder, workFolder: URL, seed: UInt64,
    hindsight: HindsightConfiguration = HindsightConfiguration()
  ) {
    self.dialect = dialect
    self.tools = tools
    self.environment = environment
    self.recorder = recorder
    self.workFolder = workFolder
    self.seed = seed
    self.hindsight = hindsight
  }

  /// What one task gave.
  public struct Made: Sendable {
    public var task: String
    public var demonstrations: [Demonstration]
    /// Why there are not more, a sentence each.
    public var problems: [String]
  }

  /// The demonstrations of every task, in the tasks' order; `jobs` tasks at a time.
  ///
  /// - finished: called as tasks are done, in any order.
  /// - Throws: `CancellationError`; what goes wrong with a task is in its ``Made/problems``.
  public func make(
    _ tasks: [RepairTask], jobs: Int = 2, finished: @escaping @Sendable (Made) -> Void = { _ in }
  ) async throws -> [Made] {
    var results = [Made?](repeating: nil, count: tasks.count)
    try await inParallel(Array(tasks.enumerated()), jobs: jobs) { index, task in
      (index, try await make(task))
    } each: { index, made in
      results[index] = made
      finished(made)
    }
    try Task.checkCancellation()
    return results.compactMap { $0 }
  }

  private func make(_ task: RepairTask) async throws -> Made {
    var made = Made(task: task.id, demonstrations: [], problems: [])
    do {
      let oracle = try await Oracle.read(
        task, sandbox: environment.sandbox, recorder: recorder, workTree: workTree(task, "oracle"))
      let performances = try await perform(task, oracle, &made.problems)
      let feedback = try await feedback(task, performances)
      for performance in performances {
        for hindsight in Demonstration.Hindsight.allCases {
          made.demonstrations +=
            try demonstration(task, performance, hindsight, feedback).map {
              [$0]
            } ?? []
        }
      }
    } catch let error as CancellationError {
      throw error
    } catch {
      made.problems.append("\(error)")
    }
    return made
  }

  // MARK: Episodes

  /// An episode that went as its script wanted and mended the task.
  struct Performance {
    var kind: Demonstration.Kind
    var script: DemonstrationScript
    var trajectory: Trajectory

    /// What a wrong first edit came to: a change that doesn't mend the task.
    var mistake: Snapshot? {
      zip(script.steps, trajectory.turns).first { $0.0.role == .mistake }?.1.snapshot
    }
  }

  private static let attempts = 4

  private func perform(
    _ task: RepairTask, _ oracle: Oracle, _ problems: inout [String]
  ) async throws -> [Performance] {
    let maker = DemonstrationScript.Maker(
      oracle: oracle, dialect: dialect, viewLines: environment.options.viewLines,
      // The range and the total are shown too.
      viewCharacters: environment.options.maxCharacters - 120)
    var random = SplitMix64(seeds: seed, Rollouts.number(of: task.id))
    var performances: [Performance] = []
    // Both orders of the straight kind, one of each of the others.
    for testFirst in [false, true] {
      let script = maker.straight(testFirst: testFirst)
      switch try await perform(script, .straight, task, name: "straight-\(testFirst)") {
      case .success(let performance): performances.append(performance)
      case .failure(let problem): problems.append(problem.description)
      }
    }
    guard !performances.isEmpty else { return [] }
    for kind in [Demonstration.Kind.mended, .malformed] {
      var problem = "\(task.id): no plausible mistake is known for a \(kind.rawValue) episode"
      search: for attempt in 0..<Self.attempts {
        let testFirst = random.index(below: 2) == 0
        guard
          let script = kind == .mended
            ? maker.mended(testFirst: testFirst, random: &random)
            : maker.malformed(testFirst: testFirst, random: &random)
        else { continue }
        switch try await perform(script, kind, task, name: "\(kind.rawValue)-\(attempt)") {
        case .success(let performance):
          performances.append(performance)
          problem = ""
          break search
        case .failure(let failure): problem = failure.description
        }
      }
      if !problem.isEmpty { problems.append(problem) }
    }
    return performances
  }

  private func perform(
    _ script: DemonstrationScript, _ kind: Demonstration.Kind, _ task: RepairTask, name: String
  ) async throws -> Result<Performance, DemonstrationError> {
    let episode = Episode(
      assignment: task.assignment, dialect: dialect, tools: tools,
      limits: EpisodeLimits(turns: script.steps.count), environment: environment)
    let trajectory = await episode.run(
      ScriptedPolicy(name: "oracle", texts: script.steps.map(\.text)),
      at: Episode.Place(
        recorder: recorder, name: "demonstrations/\(task.id)/\(name)",
        workTree: workTree(task, name)),
      seed: seed)
    try Task.checkCancellation()
    if let detail = trajectory.stopReason.detail {
      return .failure(DemonstrationError("\(task.id): \(detail)"))
    }
    if let problem = script.problem(with: trajectory) {
      return .failure(DemonstrationError("\(task.id), \(kind.rawValue): \(problem)"))
    }
    let grade = await Grader(sandbox: environment.sandbox).grade(
      task, patch: trajectory.finalDiff)
    guard grade.resolved else {
      let reason = grade.infrastructureFailure ?? "the grader doesn't find it resolved"
      return .failure(DemonstrationError("\(task.id), \(kind.rawValue): \(reason)"))
    }
    return .success(Performance(kind: kind, script: script, trajectory: trajectory))
  }

  private func workTree(_ task: RepairTask, _ name: String) -> String {
    workFolder.appending(path: "\(task.id)-\(name)").path(percentEncoded: false)
  }

  // MARK: Hindsight

  /// The grader's feedback on attempts that failed.
  struct Feedback {
    /// On doing nothing.
    var idle: String
    /// On the wrong edit of the mended kind, if there is one.
    var mistaken: String?
  }

  private func feedback(
    _ task: RepairTask, _ performances: [Performance]
  ) async throws -> Feedback {
    let mistakes = try performances.compactMap(mistakenPatch)
    let form = hindsight.feedbackForm ?? .full
    let grader = Grader(sandbox: environment.sandbox, tightCharacters: form.tightCharacters)
    let idle = await grader.grade(task, patch: [])
    var feedback = Feedback(idle: hindsight.feedback(idle))
    for patch in mistakes {
      let grade = await grader.grade(task, patch: patch)
      if !grade.resolved, !grade.feedback.isEmpty { feedback.mistaken = hindsight.feedback(grade) }
    }
    return feedback
  }

  private func mistakenPatch(_ performance: Performance) throws -> [UInt8]? {
    guard let mistake = performance.mistake, let base = performance.trajectory.base else {
      return nil
    }
    return try recorder.diff(from: base, to: mistake)
  }

  /// The performance behind one kind of first message; nil if there is nothing to tell. The
  /// observations don't depend on that message, so one episode serves all of them.
  private func demonstration(
    _ task: RepairTask, _ performance: Performance, _ hindsight: Demonstration.Hindsight,
    _ feedback: Feedback
  ) throws -> Demonstration? {
    let trajectory = performance.trajectory
    var text: String?
    if let content = hindsight.content {
      var configuration = self.hindsight
      configuration.content = content
      var random = SplitMix64(
        seeds: seed, Rollouts.number(of: task.id), UInt64(performance.script.steps.count))
      let told = random.index(below: 2) == 0 ? feedback.mistaken ?? feedback.idle : feedback.idle
      let group = [
        GroupMember(
          taskID: task.id, trajectoryIndex: 0, solved: false, diff: "", feedback: told),
        GroupMember(
          taskID: task.id, trajectoryIndex: 1, solved: true,
          diff: String(decoding: trajectory.finalDiff, as: UTF8.self),
          actions: zip(performance.script.steps, trajectory.turns)
            .filter { $0.0.isTrained }.map(\.1.text).joined(separator: "\n\n")),
      ]
      text =
        HindsightContext.build(
          for: 0, in: group, configuration: configuration, seed: seed)?.text
      guard text != nil else { return nil }
    }
    return Demonstration(
      task: task.id, repository: task.repository, kind: performance.kind, hindsight: hindsight,
      dialect: dialect.name, opening: try opening(task, trajectory, hindsight: text),
      turns: zip(performance.script.steps, trajectory.turns).map { step, turn in
        Demonstration.Turn(
          action: turn.text, isTrained: step.isTrained, observation: turn.observation)
      })
  }

  private func opening(
    _ task: RepairTask, _ trajectory: Trajectory, hindsight: String?
  ) throws -> [ChatMessage] {
    let files = WorkTreeListing.files(in: task.environmentDirectory.path(percentEncoded: false))
    func messages(_ hindsight: String?) -> [ChatMessage] {
      dialect.openingMessages(
        instruction: task.instruction, files: files, testCommand: task.testCommand,
        hindsight: hindsight, tools: tools)
    }
    // The hint must be the only difference.
    guard messages(nil) == trajectory.opening else {
      throw DemonstrationError(
        "\(task.id): the task's folder changed, or holds files that a work tree leaves out")
    }
    return messages(hindsight)
  }
}

extension Demonstration.Hindsight {
  var content: HindsightConfiguration.Content? {
    switch self {
    case .none: nil
    case .feedback: .feedback
    case .solution: .solution
    case .both: .both
    }
  }
}

extension DemonstrationScript {
  /// What didn't go as the script wants, as a clause.
  func problem(with trajectory: Trajectory) -> String? {
    guard trajectory.stopReason == .submitted, trajectory.turns.count == steps.count else {
      return "the episode ended early (\(trajectory.stopReason.name))"
    }
    for (step, turn) in zip(steps, trajectory.turns) {
      let name = turn.call?.name ?? "reply"
      let failed = turn.result?.isError ?? true
      switch step.role {
      case .exploration, .submit:
        if turn.call == nil { return "turn \(turn.number) is no action" }
      case .repair, .mistake:
        if failed {
          let first = turn.observation?.split(separator: "\n").first ?? ""
          return "\(name) in turn \(turn.number) fails: \(first)"
        }
      case .malformed:
        if turn.formatError == nil { return "turn \(turn.number) is no malformed call" }
      case .failingTest:
        if !failed { return "the visible tests don't see the wrong edit" }
      }
    }
    return nil
  }
}
