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
  public var selection: Selection
  /// Characters that opening, view and edit have at most: a task with more isn't played. Nil for no limit.
  public var maxCharacters: Int?
  /// What a policy did of itself, by task: what is drawn begins with a part of it then, where it can.
  public var beginnings: [String: [OwnBeginning]]
  /// Kinds of bugs whose like may be tried, and learnt, in search of one; others are held out. Without bubblewrap
  /// nothing is searched, because what to try is found in it.
  public var searchedKinds: Set<String>

  public init(
    dialect: any Dialect, tools: [ToolName] = ToolName.allCases, environment: ToolEnvironment,
    recorder: Recorder, workFolder: URL, seed: UInt64,
    hindsight: HindsightConfiguration = HindsightConfiguration(), selection: Selection = .all,
    maxCharacters: Int? = nil, beginnings: [String: [OwnBeginning]] = [:],
    searchedKinds: Set<String> = []
  ) {
    self.beginnings = beginnings
    self.searchedKinds = searchedKinds
    self.selection = selection
    self.maxCharacters = maxCharacters
    self.dialect = dialect
    self.tools = tools
    self.environment = environment
    self.recorder = recorder
    self.workFolder = workFolder
    self.seed = seed
    self.hindsight = hindsight
  }

  /// Which demonstrations are made of a task.
  public enum Selection: Sendable, Hashable {
    /// Straight, mended and malformed with every first message.
    case all
    /// So many different ones, drawn anew for each task. More than half have hindsight, mostly feedback. Of those with
    /// none and with feedback, where small changes of ``searchedKinds`` are known, three of four are searches, line by
    /// line; with feedback, of the lines alone that it calls suspect. Of the rest about five of twenty are straight,
    /// five with one wrong edit, three with two, three with three, two with five, two malformed. Where a policy's
    /// ``beginnings`` are known, all begin with those instead. Most have their package's name replaced.
    case drawn(Int)
    /// The straight kind with every first message.
    case straight
  }

  /// What one task gave.
  public struct Made: Sendable, Codable {
    public var task: String
    public var demonstrations: [Demonstration]
    /// Why there are not more, a sentence each.
    public var problems: [String]
  }

  /// The demonstrations of every task, in the tasks' order; `jobs` tasks at a time.
  ///
  /// - finished: called as tasks are done, in any order, one at a time.
  /// - Throws: `CancellationError`; what goes wrong with a task is in its ``Made/problems``.
  public func make(
    _ tasks: [RepairTask], jobs: Int = 2, finished: (Made) throws -> Void = { _ in }
  ) async throws -> [Made] {
    var results = [Made?](repeating: nil, count: tasks.count)
    try await inParallel(Array(tasks.enumerated()), jobs: jobs) { index, task in
      (index, try await make(task))
    } each: { index, made in
      results[index] = made
      try finished(made)
    }
    try Task.checkCancellation()
    return results.compactMap { $0 }
  }

  private func make(_ task: RepairTask) async throws -> Made {
    var made = Made(task: task.id, demonstrations: [], problems: [])
    do {
      let oracle = try await Oracle.read(
        task, sandbox: environment.sandbox, recorder: recorder,
        workTree: workTree(task, "oracle"))
      if let problem = problem(task, oracle) { throw problem }
      // Making a task has tried its solution.
      if task.origin == nil {
        let grade = await grader.grade(task, patch: oracle.patch)
        guard grade.resolved else {
          let reason = grade.infrastructureFailure ?? "its solution doesn't solve it"
          throw DemonstrationError("\(task.id): \(reason)")
        }
      }
      var random = SplitMix64(seeds: seed, Rollouts.number(of: task.id))
      let changes = try await smallChanges(task, oracle, &made.problems)
      let most = changes.isEmpty ? 0 : min(Self.longestSearch, room(task, oracle))
      let plans =
        switch selection {
        case .all: DemonstrationPlan.all
        case .drawn(let count) where beginnings[task.id] != nil:
          DemonstrationPlan.correct(count, searching: min(most, 8), random: &random)
        case .drawn(let count):
          DemonstrationPlan.draw(count, searching: most, random: &random)
        case .straight: DemonstrationPlan.all.filter { $0.kind == .straight }
        }
      try await make(task, oracle, plans, changes, &random, &made)
    } catch {
      // A command that is cancelled fails in its own words.
      try Task.checkCancellation()
      made.problems.append("\(error)")
    }
    return made
  }

  /// None where nothing is drawn or the task can't be searched; what goes wrong is a problem, but no other
  /// demonstration needs it.
  private func smallChanges(
    _ task: RepairTask, _ oracle: Oracle, _ problems: inout [String]
  ) async throws -> SmallChanges {
    guard case .drawn = selection, environment.sandbox == .bubblewrap,
      !searchedKinds.isDisjoint(with: SmallChanges.kinds),
      let shown = oracle.scripts(dialect, environment, tools: tools)[0].shownLines
    else { return .none }
    do {
      return try await SmallChanges(
        of: oracle.changes[0], shown: shown, in: task, known: searchedKinds,
        scratch: workFolder.appending(path: "\(task.id)-proposals"), seed: seed)
    } catch {
      try Task.checkCancellation()
      problems.append("\(task.id): no small changes are known: \(error)")
      return .none
    }
  }

  private func make(
    _ task: RepairTask, _ oracle: Oracle, _ plans: [DemonstrationPlan], _ changes: SmallChanges,
    _ random: inout SplitMix64, _ made: inout Made
  ) async throws {
    var plain: [Demonstration] = []
    var performances: [DemonstrationPlan: Performance?] = [:]
    var untouched: String?
    func performance(_ plan: DemonstrationPlan) async throws -> Performance? {
      var key = plan
      // A search alone goes where hindsight points.
      if plan.kind != .searched { key.hindsight = .none }
      if let known = performances[key] { return known }
      var result: Performance?
      let suspects = await suspects(key, task, oracle, &untouched)
      switch try await perform(key, task, oracle, changes, among: suspects, &random) {
      case .success(let performance): result = performance
      case .failure(let problem): made.problems.append(problem.description)
      }
      performances[key] = .some(result)
      return result
    }
    for plan in plans {
      let straight = DemonstrationPlan(kind: .straight, hindsight: plan.hindsight)
      // Without a plausible mistake, or a search that comes to nothing, the task is at least shown straight.
      let options = selection == .all || plan == straight ? [plan] : [plan, straight]
      for option in options {
        guard let performance = try await performance(option) else { continue }
        let told = try await feedback(task, performance, option.hindsight, &untouched)
        let demonstration = try demonstration(
          task, oracle, performance, option.hindsight, told)
        if let demonstration, !plain.contains(demonstration) {
          plain.append(demonstration)
          made.demonstrations.append(
            varied(demonstration, of: oracle.changes.first?.path, &random))
        }
        break
      }
    }
  }

  /// Where demonstrations are drawn, three of four are told of a package whose name is made up.
  private func varied(
    _ demonstration: Demonstration, of path: String?, _ random: inout SplitMix64
  ) -> Demonstration {
    guard case .drawn = selection, random.index(below: 4) > 0, let path,
      case let parts = path.split(separator: "/"), parts.count > 1
    else { return demonstration }
    return demonstration.renamed(
      from: String(parts[0]), to: MadeUpName.draw(random: &random))
  }

  /// Why the task would only give demonstrations that are too long, if so.
  private func problem(_ task: RepairTask, _ oracle: Oracle) -> DemonstrationError? {
    guard let maxCharacters else { return nil }
    let characters = characters(task, oracle)
    return characters <= maxCharacters
      ? nil : DemonstrationError("\(task.id): \(characters) characters are too many")
  }

  private static let longestSearch = 36
  /// Of a try, by the measure of ``maxCharacters``, which counts less than all.
  private static let charactersPerTry = 50

  /// How many tries fit.
  private func room(_ task: RepairTask, _ oracle: Oracle) -> Int {
    guard let maxCharacters else { return .max }
    return max(0, maxCharacters - characters(task, oracle)) / Self.charactersPerTry
  }

  /// Of opening, view and edit.
  private func characters(_ task: RepairTask, _ oracle: Oracle) -> Int {
    let shown = oracle.changes.reduce(0) { sum, change in
      let numbered = (change.before ?? "").split(
        separator: "\n", omittingEmptySubsequences: false
      ).prefix(environment.options.viewLines).reduce(0) { $0 + $1.utf8.count + 4 }
      let edits = change.edits.reduce(0) { $0 + $1.lines.reduce(0) { $0 + $1.utf8.count + 1 } }
      return sum + min(numbered, environment.options.maxCharacters) + edits
    }
    let opening = dialect.openingMessages(
      instruction: task.instruction, files: [], testCommand: nil, hindsight: nil, tools: tools
    ).reduce(0) { $0 + $1.content.utf8.count }
    return opening + shown
  }

  private var grader: Grader {
    Grader(
      sandbox: environment.sandbox,
      tightCharacters: (hindsight.feedbackForm ?? .full).tightCharacters)
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
    _ plan: DemonstrationPlan, _ task: RepairTask, _ oracle: Oracle, _ changes: SmallChanges,
    among suspects: IndexSet?, _ random: inout SplitMix64
  ) async throws -> Result<Performance, DemonstrationError> {
    var problem = DemonstrationError(
      "\(task.id): nothing plausible is known to try in a \(plan.kind.rawValue) episode")
    for maker in oracle.scripts(dialect, environment, tools: tools) {
      var small: [NumberedEdit] = []
      for attempt in 0..<(plan.kind == .straight ? 1 : Self.attempts) {
        if !problem.changes.isEmpty {
          // One mends something, or can't be tried there: the others are still worth it.
          small.removeAll { problem.changes.contains($0) }
        } else if plan.searches > 0, let right = oracle.changes.first?.edits.first {
          small = changes.walk(
            to: right.old.lowerBound, most: plan.searches, among: suspects, random: &random)
        }
        let script: DemonstrationScript? =
          switch plan.kind {
          case .straight: maker.straight()
          case .mended: maker.mended(mistakes: plan.mistakes, random: &random)
          case .searched: maker.searched(small, random: &random)
          case .malformed: maker.malformed(random: &random)
          case .corrected:
            part(of: beginnings[task.id, default: []], random: &random).map {
              maker.corrected($0, searching: small, random: &random)
            }
          }
        guard let script else { continue }
        let name =
          "\(plan.kind.rawValue)-\(plan.mistakes)-\(plan.searches)-\(plan.number)-"
          + "\(maker.tries ? "try" : "edit")-\(attempt)"
        switch try await perform(script, plan.kind, task, oracle, name: name) {
        case .success(let performance): return .success(performance)
        case .failure(let failure): problem = failure
        }
      }
    }
    return .failure(problem)
  }

  /// The lines that a search with feedback goes through: those which it calls suspect. Nil without such feedback.
  private func suspects(
    _ plan: DemonstrationPlan, _ task: RepairTask, _ oracle: Oracle, _ untouched: inout String?
  ) async -> IndexSet? {
    guard plan.kind == .searched, plan.hindsight == .feedback, let change = oracle.changes.first
    else { return nil }
    return SuspectLines.named(
      in: await feedback(on: bounded(task), untouched: &untouched), of: change.path)
  }

  /// The beginning of one of them, of any length.
  private func part(
    of beginnings: [OwnBeginning], random: inout SplitMix64
  ) -> ArraySlice<OwnBeginning.Action>? {
    guard !beginnings.isEmpty else { return nil }
    let actions = beginnings[random.index(below: beginnings.count)].actions
    return actions.prefix(random.index(below: actions.count + 1))
  }

  private func perform(
    _ script: DemonstrationScript, _ kind: Demonstration.Kind, _ task: RepairTask,
    _ oracle: Oracle, name: String
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
      return .failure(
        DemonstrationError(
          "\(task.id), \(kind.rawValue): \(problem.description)", changes: problem.changes))
    }
    // The grader has found the solution's own state resolved; tests may have left files beside it.
    if trajectory.lastSnapshot?.tree != oracle.solved.tree {
      let grade = await grader.grade(task, patch: trajectory.finalDiff)
      guard grade.resolved else {
        let reason = grade.infrastructureFailure ?? "the grader doesn't find it resolved"
        return .failure(DemonstrationError("\(task.id), \(kind.rawValue): \(reason)"))
      }
    }
    return .success(Performance(kind: kind, script: script, trajectory: trajectory))
  }

  private func workTree(_ task: RepairTask, _ name: String) -> String {
    workFolder.appending(path: "\(task.id)-\(name)").path(percentEncoded: false)
  }

  // MARK: Hindsight

  /// The grader's feedback on an attempt that failed: the performance's first mistake that stood, or doing nothing,
  /// which is what mistakes come to that were only tried.
  /// Nil where hindsight quotes none.
  private func feedback(
    _ task: RepairTask, _ performance: Performance, _ hindsight: Demonstration.Hindsight,
    _ untouched: inout String?
  ) async throws -> String? {
    guard hindsight == .feedback || hindsight == .both else { return nil }
    let task = bounded(task)
    if let patch = try mistakenPatch(performance) {
      let grade = await grader.grade(task, patch: patch)
      if !grade.resolved, !grade.feedback.isEmpty { return self.hindsight.feedback(grade) }
    }
    return await feedback(on: task, untouched: &untouched)
  }

  /// On doing nothing.
  ///
  /// - known: that of the same task, once it was graded.
  private func feedback(on task: RepairTask, untouched known: inout String?) async -> String {
    if let known { return known }
    let told = hindsight.feedback(await grader.grade(task, patch: []))
    known = told
    return told
  }

  /// A mistake may run forever, and there are thousands of them.
  private func bounded(_ task: RepairTask) -> RepairTask {
    var task = task
    task.verifierTimeout = min(
      task.verifierTimeout, Double((environment.testLimits ?? environment.limits).cpuSeconds))
    return task
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
    _ task: RepairTask, _ oracle: Oracle, _ performance: Performance,
    _ hindsight: Demonstration.Hindsight, _ feedback: String?
  ) throws -> Demonstration? {
    let trajectory = performance.trajectory
    var text: String?
    if let content = hindsight.content {
      var configuration = self.hindsight
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
          for: 0, in: group, configuration: configuration, seed: seed)?.text
      guard text != nil else { return nil }
    }
    return Demonstration(
      task: task.id, repository: task.repository, kind: performance.kind, hindsight: hindsight,
      dialect: dialect.name, opening: try opening(task, trajectory, hindsight: text),
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

  private func opening(
    _ task: RepairTask, _ trajectory: Trajectory, hindsight: String?
  ) throws -> [ChatMessage] {
    let files = WorkTreeListing.shown(in: task.environmentDirectory.path(percentEncoded: false))
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
