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
      var demonstrator = try await TaskDemonstrator(self, task, oracle)
      defer { made.problems += demonstrator.problems }
      let most =
        demonstrator.changes.isEmpty ? 0 : min(Self.longestSearch, room(task, oracle))
      let plans =
        switch selection {
        case .all: DemonstrationPlan.all
        case .drawn(let count) where beginnings[task.id] != nil:
          DemonstrationPlan.correct(count, searching: min(most, 8), random: &demonstrator.random)
        case .drawn(let count):
          DemonstrationPlan.draw(count, searching: most, random: &demonstrator.random)
        case .straight: DemonstrationPlan.all.filter { $0.kind == .straight }
        }
      for plan in plans {
        if let next = try await demonstrator.demonstration(of: plan) {
          made.demonstrations.append(next)
        }
      }
    } catch {
      // A command that is cancelled fails in its own words.
      try Task.checkCancellation()
      made.problems.append("\(error)")
    }
    return made
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

  var isDrawn: Bool { if case .drawn = selection { true } else { false } }

  var grader: Grader {
    Grader(
      sandbox: environment.sandbox,
      tightCharacters: (hindsight.feedbackForm ?? .full).tightCharacters)
  }

  func workTree(_ task: RepairTask, _ name: String) -> String {
    workFolder.appending(path: "\(task.id)-\(name)").path(percentEncoded: false)
  }
}
