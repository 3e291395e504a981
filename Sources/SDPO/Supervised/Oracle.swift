import Agent
import Tools

/// Why a task gives no demonstrations, or a file of them can't be used.
public struct DemonstrationError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
  /// Changes of a search, one of which is at fault.
  var changes: [NumberedEdit]

  init(_ description: String, changes: [NumberedEdit] = []) {
    self.description = description
    self.changes = changes
  }
}

/// A task's reference solution, file by file, as an agent would have to make it.
struct Oracle {
  struct Change {
    var path: String
    /// Nil for a file that the solution makes.
    var before: String?
    var after: String
    /// Edits from before to after, in order; empty for a new file.
    var edits: [NumberedEdit]
  }

  /// In order of their paths; never empty.
  var changes: [Change]
  /// The repository with the solution.
  var solved: Snapshot
  /// From the task's repository to ``solved``.
  var patch: [UInt8]
  /// Whether the issue tells of an exception: then the failing test names the line that raises it.
  var tellsOfAnException: Bool

  /// Carries the solution out in a fresh copy of the task's repository and compares.
  ///
  /// - workTree: where the copy is made; it is removed afterwards.
  static func read(
    _ task: RepairTask, sandbox: Sandbox, recorder: Recorder, workTree: String
  ) async throws -> Oracle {
    let workspace = try Workspace.materialize(
      task.assignment.source, recorder: recorder, name: "oracle/\(task.id)", at: workTree)
    defer { try? workspace.remove() }
    do {
      try workspace.apply(try await task.solutionPatch(in: sandbox))
    } catch let refusal as ImportRefusal { throw DemonstrationError("\(task.id): \(refusal)") }
    let solved = try workspace.commit("the solution")
    let changes = try workspace.changedPaths(from: workspace.base, to: solved).map {
      try change($0, task, recorder, from: workspace.base, to: solved)
    }
    guard !changes.isEmpty else {
      throw DemonstrationError("the solution of \(task.id) changes nothing")
    }
    return Oracle(
      changes: changes, solved: solved,
      patch: try recorder.diff(from: workspace.base, to: solved),
      tellsOfAnException: task.instruction.contains(/\b[A-Z]\w*(Error|Exception)\b/))
  }

  /// Scripts of what it does. Where one edit is the whole of it, tests can judge it at once: that is tried first, and
  /// is of no use where the visible tests don't see the bug.
  func scripts(
    _ dialect: any Dialect, _ environment: ToolEnvironment, tools: [ToolName]
  ) -> [DemonstrationScript.Maker] {
    let isOneEdit = changes.count == 1 && changes[0].edits.count == 1
    return (isOneEdit && tools.contains(.tryOut) ? [true, false] : [false]).map { tries in
      DemonstrationScript.Maker(
        oracle: self, dialect: dialect, viewLines: environment.options.viewLines,
        // The range and the total are shown too.
        viewCharacters: environment.options.maxCharacters - 120, tries: tries)
    }
  }

  private static func change(
    _ changed: ChangedPath, _ task: RepairTask, _ recorder: Recorder, from base: Snapshot,
    to solved: Snapshot
  ) throws -> Change {
    func text(_ snapshot: Snapshot) throws -> String? {
      try recorder.contents(of: changed.path, in: snapshot).flatMap {
        String(validating: $0, as: UTF8.self)
      }
    }
    let (path, before) = (changed.path, try text(base))
    guard let after = try text(solved), changed.change == .added || before != nil else {
      throw DemonstrationError("the solution of \(task.id) does more to \(path) than edit text")
    }
    guard let before else { return Change(path: path, before: nil, after: after, edits: []) }
    guard let edits = LineEdits.numbered(before, after) else {
      throw DemonstrationError("the change to \(path) by the solution of \(task.id) is no edit")
    }
    return Change(path: path, before: before, after: after, edits: edits)
  }
}
