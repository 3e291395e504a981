import CLibGit2

/// The repository that the agent may see: one commit of the work tree's first state, so that
/// `git status` and `git diff` work in the shell, and nothing else: no history, no remote, no later
/// tags to find a solution in.
enum AgentRepository {
  /// Midnight of 1 January 2000: the same in every run, so that what git prints is, too.
  private static let time: Int64 = 946_684_800

  static func make(at path: String, tree: ObjectID, from recorder: Recorder) throws(ToolsError) {
    let own = try ObjectStore(creating: path, bare: false)
    let tree = try recorder.withStore { (store) throws(ToolsError) in
      try TreeImport.copy(tree, from: store, to: own)
    }
    let commit = try own.commit(tree: tree, parent: nil, message: "Initial state", time: time)
    try own.setReference("refs/heads/main", to: commit.commit)
    let repository = own.repository.pointer
    let index = try GitHandle(free: git_index_free, "can't open the index of \(path)") {
      git_repository_index($0, repository)
    }
    let root = try own.lookUpTree(tree)
    try git("can't fill the index of \(path)") { git_index_read_tree(index.pointer, root.pointer) }
    try git("can't write the index of \(path)") { git_index_write(index.pointer) }
  }
}
