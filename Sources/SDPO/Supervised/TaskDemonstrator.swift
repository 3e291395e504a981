import Agent
import Foundation
import LanguageModel
import Tools

/// Makes one task's demonstrations. What several of them need is done once: an episode that serves several kinds of
/// hindsight, and grading the task as it stands.
struct TaskDemonstrator {
  /// What a search may try: nothing where nothing is drawn or the task can't be searched.
  private(set) var changes = SmallChanges.none
  var random: SplitMix64
  /// Why there are not more demonstrations, a sentence each.
  private(set) var problems: [String] = []

  private let maker: DemonstrationMaker
  private let task: RepairTask
  private let oracle: Oracle
  private var performances: [DemonstrationPlan: Performance?] = [:]
  /// What hindsight quotes of doing nothing, once that was graded.
  private var untouched: String?
  /// So far, with their package's true name.
  private var made: [Demonstration] = []

  /// - Throws: `CancellationError`. That small changes can't be found is a problem, but only a search needs them.
  init(_ maker: DemonstrationMaker, _ task: RepairTask, _ oracle: Oracle) async throws {
    self.maker = maker
    self.task = task
    self.oracle = oracle
    random = SplitMix64(seeds: maker.seed, Rollouts.number(of: task.id))
    guard maker.isDrawn, maker.environment.sandbox == .bubblewrap,
      !maker.searchedKinds.isDisjoint(with: SmallChanges.kinds),
      let shown = scripts[0].shownLines
    else { return }
    do {
      changes = try await SmallChanges(
        of: oracle.changes[0], shown: shown, in: task, known: maker.searchedKinds,
        scratch: maker.workFolder.appending(path: "\(task.id)-proposals"), seed: maker.seed)
    } catch {
      try Task.checkCancellation()
      problems.append("\(task.id): no small changes are known: \(error)")
    }
  }

  private var scripts: [DemonstrationScript.Maker] {
    oracle.scripts(maker.dialect, maker.environment, tools: maker.tools)
  }

  /// Nil where there is none, or none that differs from the earlier ones.
  mutating func demonstration(of plan: DemonstrationPlan) async throws -> Demonstration? {
    let straight = DemonstrationPlan(kind: .straight, hindsight: plan.hindsight)
    // Without a plausible mistake, or a search that comes to nothing, the task is at least shown straight.
    let options = maker.selection == .all || plan == straight ? [plan] : [plan, straight]
    for option in options {
      guard let performance = try await performance(option) else { continue }
      let demonstration = try demonstration(
        performance, option.hindsight, try await feedback(performance, option.hindsight))
      guard let demonstration, !made.contains(demonstration) else { return nil }
      made.append(demonstration)
      return varied(demonstration)
    }
    return nil
  }

  /// Where demonstrations are drawn, three of four are told of a package whose name is made up.
  private mutating func varied(_ demonstration: Demonstration) -> Demonstration {
    guard maker.isDrawn, random.index(below: 4) > 0, let path = oracle.changes.first?.path,
      case let parts = path.split(separator: "/"), parts.count > 1
    else { return demonstration }
    return demonstration.renamed(
      from: String(parts[0]), to: MadeUpName.draw(random: &random))
  }

  // MARK: Episodes

  /// An episode that went as its script wanted and mended the task.
  private struct Performance {
    var kind: Demonstration.Kind
    var script: DemonstrationScript
    var trajectory: Trajectory

    /// What a wrong first edit came to: a change that doesn't mend the task.
    var mistake: Snapshot? {
      zip(script.steps, trajectory.turns).first { $0.0.role == .mistake }?.1.snapshot
    }
  }

  private mutating func performance(_ plan: DemonstrationPlan) async throws -> Performance? {
    var key = plan
    // A search alone goes where hindsight points.
    if plan.kind != .searched { key.hindsight = .none }
    if let known = performances[key] { return known }
    var result: Performance?
    switch try await perform(key, among: await suspects(key)) {
    case .success(let performance): result = performance
    case .failure(let problem): problems.append(problem.description)
    }
    performances[key] = .some(result)
    return result
  }

  private static let attempts = 4

  private mutating func perform(
    _ plan: DemonstrationPlan, among suspects: IndexSet?
  ) async throws -> Result<Performance, DemonstrationError> {
    var problem = DemonstrationError(
      "\(task.id): nothing plausible is known to try in a \(plan.kind.rawValue) episode")
    for writer in scripts {
      var small: [NumberedEdit] = []
      for attempt in 0..<(plan.kind == .straight ? 1 : Self.attempts) {
        if !problem.changes.isEmpty {
          // One mends something, or can't be tried there: the others are still worth it.
          small.removeAll { problem.changes.contains($0) }
        } else if plan.searches > 0, let right = oracle.changes.first?.edits.first {
          small = changes.walk(
            to: right.old.lowerBound, most: plan.searches, among: suspects, random: &random)
        }
        guard let script = script(plan, by: writer, trying: small) else { continue }
        let name =
          "\(plan.kind.rawValue)-\(plan.mistakes)-\(plan.searches)-\(plan.number)-"
          + "\(writer.tries ? "try" : "edit")-\(attempt)"
        switch try await perform(script, plan.kind, name: name) {
        case .success(let performance): return .success(performance)
        case .failure(let failure): problem = failure
        }
      }
    }
    return .failure(problem)
  }

  private mutating func script(
    _ plan: DemonstrationPlan, by writer: DemonstrationScript.Maker, trying small: [NumberedEdit]
  ) -> DemonstrationScript? {
    switch plan.kind {
    case .straight: return writer.straight()
    case .mended: return writer.mended(mistakes: plan.mistakes, random: &random)
    case .searched: return writer.searched(small)
    case .malformed: return writer.malformed(random: &random)
    case .corrected:
      guard let beginning = beginning() else { return nil }
      return writer.corrected(beginning, searching: small)
    }
  }

  /// A part, of any length, of what a policy did.
  private mutating func beginning() -> ArraySlice<OwnBeginning.Action>? {
    let beginnings = maker.beginnings[task.id, default: []]
    guard !beginnings.isEmpty else { return nil }
    let actions = beginnings[random.index(below: beginnings.count)].actions
    return actions.prefix(random.index(below: actions.count + 1))
  }

  /// The lines that a search with feedback goes through: those which it calls suspect. Nil without such feedback.
  private mutating func suspects(_ plan: DemonstrationPlan) async -> IndexSet? {
    guard plan.kind == .searched, plan.hindsight == .feedback, let change = oracle.changes.first
    else { return nil }
    return SuspectLines.named(in: await feedbackOnNothing(), of: change.path)
  }

  private func perform(
    _ script: DemonstrationScript, _ kind: Demonstration.Kind, name: String
  ) async throws -> Result<Performance, DemonstrationError> {
    let episode = Episode(
      assignment: task.assignment, dialect: maker.dialect, tools: maker.tools,
      limits: EpisodeLimits(turns: script.steps.count), environment: maker.environment)
    let trajectory = await episode.run(
      ScriptedPolicy(name: "oracle", texts: script.steps.map(\.text)),
      at: Episode.Place(
        recorder: maker.recorder, name: "demonstrations/\(task.id)/\(name)",
        workTree: maker.workTree(task, name)),
      seed: maker.seed)
    try Task.checkCancellation()
    if let detail = trajectory.stopReason.detail {
      return .failure(DemonstrationError("\(task.id): \(detail)"))
    }
    if let problem = script.problem(with: trajectory) {
      return .failure(
        DemonstrationError(
          "\(task.id), \(kind.rawValue): \(problem.description)", changes: problem.changes))
    }
    // The grader has found the solution's own state resolved; tests may have left files beside it.
    if trajectory.lastSnapshot?.tree != oracle.solved.tree {
      let grade = await maker.grader.grade(task, patch: trajectory.finalDiff)
      guard grade.resolved else {
        let reason = grade.infrastructureFailure ?? "the grader doesn't find it resolved"
        return .failure(DemonstrationError("\(task.id), \(kind.rawValue): \(reason)"))
      }
    }
    return .success(Performance(kind: kind, script: script, trajectory: trajectory))
  }

  // MARK: Hindsight

  /// The grader's feedback on an attempt that failed: the performance's first mistake that stood, or doing nothing,
  /// which is what mistakes come to that were only tried.
  /// Nil where hindsight quotes none.
  private mutating func feedback(
    _ performance: Performance, _ hindsight: Demonstration.Hindsight
  ) async throws -> String? {
    guard hindsight == .feedback || hindsight == .both else { return nil }
    if let mistake = performance.mistake, let base = performance.trajectory.base {
      let grade = await maker.grader.grade(
        boundedTask, patch: try maker.recorder.diff(from: base, to: mistake))
      if !grade.resolved, !grade.feedback.isEmpty { return maker.hindsight.feedback(grade) }
    }
    return await feedbackOnNothing()
  }

  private mutating func feedbackOnNothing() async -> String {
    if let untouched { return untouched }
    let told = maker.hindsight.feedback(await maker.grader.grade(boundedTask, patch: []))
    untouched = told
    return told
  }

  /// A mistake may run forever, and there are thousands of them.
  private var boundedTask: RepairTask {
    var task = task
    let limits = maker.environment.testLimits ?? maker.environment.limits
    task.verifierTimeout = min(task.verifierTimeout, Double(limits.cpuSeconds))
    return task
  }

  /// The performance behind one kind of first message; nil if there is nothing to tell. The
  /// observations don't depend on that message, so one episode serves all of them.
  private func demonstration(
    _ performance: Performance, _ hindsight: Demonstration.Hindsight, _ feedback: String?
  ) throws -> Demonstration? {
    let trajectory = performance.trajectory
    var text: String?
    if let content = hindsight.content {
      var configuration = maker.hindsight
      configuration.content = content
      let group = [
        GroupMember(
          taskID: task.id, trajectoryIndex: 0, solved: false, diff: "", feedback: feedback),
        GroupMember(
          taskID: task.id, trajectoryIndex: 1, solved: true,
          diff: String(decoding: trajectory.finalDiff, as: UTF8.self),
          actions: zip(performance.script.steps, trajectory.turns)
            .filter { $0.0.isTrained }.map(\.1.text).joined(separator: "\n\n")),
      ]
      text =
        HindsightContext.build(
          for: 0, in: group, configuration: configuration, seed: maker.seed)?.text
      guard text != nil else { return nil }
    }
    return Demonstration(
      task: task.id, repository: task.repository, kind: performance.kind, hindsight: hindsight,
      dialect: maker.dialect.name, opening: try opening(trajectory, hindsight: text),
      turns: zip(performance.script.steps, trajectory.turns).enumerated().map { index, pair in
        let (step, turn) = pair
        // With hindsight it would have done something else.
        let isWorthLearning =
          step.role == .own && hindsight == .none
          && turn.isWorthLearning(
            after: trajectory.turns[..<index], in: oracle.changes.first?.before ?? "")
        return Demonstration.Turn(
          action: turn.text, isTrained: step.isTrained || isWorthLearning,
          observation: turn.observation)
      })
  }

  private func opening(_ trajectory: Trajectory, hindsight: String?) throws -> [ChatMessage] {
    let files = WorkTreeListing.shown(in: task.environmentDirectory.path(percentEncoded: false))
    func messages(_ hindsight: String?) -> [ChatMessage] {
      maker.dialect.openingMessages(
        instruction: task.instruction, files: files, testCommand: task.testCommand,
        hindsight: hindsight, tools: maker.tools)
    }
    // The hint must be the only difference.
    guard messages(nil) == trajectory.opening else {
      throw DemonstrationError(
        "\(task.id): the task's folder changed, or holds files that a work tree leaves out")
    }
    return messages(hindsight)
  }
}
