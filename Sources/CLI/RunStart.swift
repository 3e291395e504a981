internal import Agent
internal import Foundation
internal import Tools

/// What a run begins with.
struct RunStart {
  /// The repository's commit that the revision names now; a branch can go on while the agent works.
  let commit: ObjectID
  /// The revision's own tree.
  let committed: Snapshot
  /// With the work tree's changes, if they were asked for.
  let base: Snapshot
  /// What the repository tells agents, bounded.
  let notes: String?
  /// What of the repository the agent doesn't get, a sentence each.
  let leftAlone: [String]

  static let uncommitted = "Uncommitted changes of the work tree"
  private static let notesFile = "AGENTS.md"
  private static let notesBytes = 2_000

  init(
    repository: String, revision: String, includesUncommitted: Bool, recorder: Recorder
  ) throws {
    let (committed, left, commit) = try recorder.record(revision, of: repository)
    self.commit = commit
    self.committed = committed
    let changes =
      includesUncommitted
      ? try UserWorkTree.changes(of: repository, since: commit.description) : []
    let base =
      changes.isEmpty
      ? committed : try recorder.record(changes, onto: committed, message: Self.uncommitted)
    self.base = base
    var leftAlone: [String] = []
    if !left.submodules.isEmpty {
      let names =
        left.submodules.prefix(3).map { VisibleText.escaped($0) }
        + (left.submodules.count > 3 ? ["…"] : [])
      leftAlone.append(
        "Submodules are left as they are: the agent sees nothing of \(names.joined(separator: ", "))."
      )
    }
    if left.hasLFS {
      leftAlone.append("Files in LFS are left as they are: the agent sees their pointers.")
    }
    self.leftAlone = leftAlone
    let contents = try recorder.contents(of: Self.notesFile, in: base) ?? []
    let text = String(decoding: contents.prefix(Self.notesBytes), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    notes = text.isEmpty ? nil : text
  }
}

/// An earlier run that is to go on.
struct ContinuedRun {
  let beginning: EpisodeBeginning
  let issue: IssueText
  private let header: TranscriptHeader

  init(_ file: URL) throws {
    let transcript = try Transcript.read(file)
    header = transcript.header
    guard header.task.hasPrefix("run/") else {
      throw RunError(
        "\(file.path) is of the task \(VisibleText.escaped(header.task)), not of a run; "
          + "`hindsight replay --fork-from` goes on with it")
    }
    try TranscriptChain.checkUnedited(file)
    beginning = try EpisodeBeginning(transcript, digest: sha256Hex(try Data(contentsOf: file)))
    issue = IssueText(text: String(header.task.dropFirst(4)).replacing("-", with: " "))
  }

  /// - more: turns at most, after those that were taken.
  func episode(_ start: RunStart, more: Int) throws -> Episode {
    try Episode(like: header, after: beginning, source: .snapshot(start.base), more: more)
  }
}
