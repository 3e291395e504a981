import Agent

/// One prediction a task as SWE-bench's harness reports it (`schema_version` 2): its leaderboards and scripts read
/// these keys.
public struct SWEBenchReport: Sendable, Codable, Equatable {
  public var totalInstances, submittedInstances, completedInstances: Int
  public var resolvedInstances, unresolvedInstances: Int
  public var emptyPatchInstances, errorInstances: Int
  /// Graded, with a patch.
  public var completedIDs: [String]
  /// Without a prediction: the machine failed at it.
  public var incompleteIDs: [String]
  public var emptyPatchIDs: [String]
  public var submittedIDs: [String]
  public var resolvedIDs: [String]
  public var unresolvedIDs: [String]
  /// Predicted and never graded: there is no such thing here.
  public var errorIDs: [String]
  public var schemaVersion = 2

  enum CodingKeys: String, CodingKey {
    case totalInstances = "total_instances"
    case submittedInstances = "submitted_instances"
    case completedInstances = "completed_instances"
    case resolvedInstances = "resolved_instances"
    case unresolvedInstances = "unresolved_instances"
    case emptyPatchInstances = "empty_patch_instances"
    case errorInstances = "error_instances"
    case completedIDs = "completed_ids"
    case incompleteIDs = "incomplete_ids"
    case emptyPatchIDs = "empty_patch_ids"
    case submittedIDs = "submitted_ids"
    case resolvedIDs = "resolved_ids"
    case unresolvedIDs = "unresolved_ids"
    case errorIDs = "error_ids"
    case schemaVersion = "schema_version"
  }

  /// - rollouts: one a task.
  public init(tasks: [String], _ rollouts: [Rollout]) {
    func ids(_ isWanted: (Rollout) -> Bool) -> [String] {
      rollouts.filter(isWanted).map(\.trajectory.taskID).sorted()
    }
    func isEmpty(_ rollout: Rollout) -> Bool { rollout.trajectory.finalDiff.isEmpty }
    submittedIDs = ids(\.counts)
    errorIDs = []
    emptyPatchIDs = ids { $0.counts && isEmpty($0) }
    completedIDs = ids { $0.counts && !isEmpty($0) }
    resolvedIDs = ids { $0.counts && !isEmpty($0) && $0.grade.resolved }
    unresolvedIDs = ids { $0.counts && !isEmpty($0) && !$0.grade.resolved }
    incompleteIDs = Set(tasks).subtracting(submittedIDs).sorted()
    totalInstances = tasks.count
    submittedInstances = submittedIDs.count
    completedInstances = completedIDs.count
    resolvedInstances = resolvedIDs.count
    unresolvedInstances = unresolvedIDs.count
    emptyPatchInstances = emptyPatchIDs.count
    errorInstances = errorIDs.count
  }
}
