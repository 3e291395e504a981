/// A recorded state and the message it is to have in another repository.
public struct ExportedTurn: Sendable {
  public var snapshot: Snapshot
  public var message: String

  public init(snapshot: Snapshot, message: String) {
    self.snapshot = snapshot
    self.message = message
  }
}

extension Recorder {
  /// Writes recorded states as commits on a new branch of another repository, on top of a revision.
  ///
  /// Each commit has what its state changed since `base`, put into the revision's own tree: what a
  /// recorder leaves out (submodules, caches) and what nobody changed stays as it was, byte for byte.
  /// Nothing else of the repository is touched: not its work tree, index, HEAD or other references.
  ///
  /// - Parameters:
  ///   - repository: the path of a repository.
  ///   - branch: the branch's name; with "-2", "-3", … if it exists, or others are below it.
  /// - Returns: the branch's name and its last commit.
  public func export(
    _ turns: [ExportedTurn], since base: Snapshot, to repository: String, onto revision: String,
    branch: String, time: Int64? = nil
  ) throws(ToolsError) -> (branch: String, commit: ObjectID) {
    let target = try ObjectStore(opening: repository)
    let start = try target.snapshot(target.resolve(revision))
    var last = start
    for turn in turns {
      let tree = try withStore { (store) throws(ToolsError) -> ObjectID in
        try target.tree(start.tree, changedFrom: base.tree, to: turn.snapshot.tree, in: store)
      }
      last = try target.commit(
        tree: tree, parent: last.commit, message: turn.message, time: time ?? Self.now)
    }
    let prefix = "refs/heads/"
    var name = branch
    var number = 2
    while true {
      let below = try target.referenceNames(under: prefix + name + "/")
      if below.isEmpty, target.reference(prefix + name) == nil { break }
      name = "\(branch)-\(number)"
      number += 1
    }
    try target.setReference(prefix + name, to: last.commit)
    return (name, last.commit)
  }
}

extension Recorder {
  /// Whether a repository has a branch of this very name; false where it can't be opened.
  package static func hasBranch(_ name: String, in repository: String) -> Bool {
    (try? ObjectStore(opening: repository))?.reference("refs/heads/\(name)") != nil
  }
}
