import Foundation
public import LanguageModel
public import Tools

/// One policy at work on one assignment: act, run the tool, record the work tree, observe; until it
/// submits or a limit is reached.
public struct Episode: Sendable {
  public var assignment: Assignment
  public var dialect: any Dialect
  public var tools: [ToolName]
  public var limits: EpisodeLimits
  public var environment: ToolEnvironment
  public var openingLimits: OpeningLimits
  /// Whether the work tree is also a git repository with one commit.
  public var agentRepository: Bool
  /// Whether the work tree is deleted at the end; the recorder keeps every state.
  public var removesWorkTree: Bool

  public init(
    assignment: Assignment, dialect: any Dialect = CompactDialect(),
    tools: [ToolName] = ToolName.allCases, limits: EpisodeLimits = EpisodeLimits(),
    environment: ToolEnvironment, openingLimits: OpeningLimits = OpeningLimits(),
    agentRepository: Bool = false, removesWorkTree: Bool = true
  ) {
    self.assignment = assignment
    self.dialect = dialect
    self.tools = tools
    self.limits = limits
    self.environment = environment
    self.openingLimits = openingLimits
    self.agentRepository = agentRepository
    self.removesWorkTree = removesWorkTree
  }

  /// Where an episode leaves its traces.
  public struct Place: Sendable {
    public var recorder: Recorder
    /// The trajectory's name in the recorder, unique there.
    public var name: String
    /// The path of the work tree to make: missing or an empty folder.
    public var workTree: String

    public init(recorder: Recorder, name: String, workTree: String) {
      self.recorder = recorder
      self.name = name
      self.workTree = workTree
    }
  }

  /// Runs the episode to its end. Nothing is thrown: what goes wrong is the trajectory's stop reason,
  /// and the diff so far is its result.
  ///
  /// - Parameters:
  ///   - sample: which of the task's group this is, from 0.
  ///   - seed: the source of the policy's randomness.
  ///   - hindsight: text for the first user message; nil for a student.
  ///   - beginning: turns of an earlier episode, which are carried out again and must leave what they left then;
  ///     the policy goes on after them.
  ///   - observers: told as the episode goes, in this order; one that throws ends the episode as an
  ///     infrastructure failure.
  public func run(
    _ policy: any Policy, at place: Place, sample: Int = 0, seed: UInt64,
    hindsight: String? = nil, after beginning: EpisodeBeginning? = nil,
    observers: [any EpisodeObserver] = []
  ) async -> Trajectory {
    let clock = EpisodeClock(wallSeconds: limits.wallSeconds)
    var trajectory = Trajectory(
      taskID: assignment.id, sample: sample, seed: seed, dialect: dialect.name, opening: [],
      stopReason: .cancelled)
    let workspace: Workspace
    do {
      workspace = try Workspace.materialize(
        assignment.source, recorder: place.recorder, name: place.name, at: place.workTree,
        agentRepository: agentRepository)
    } catch {
      trajectory.stopReason = .infrastructure("the work tree cannot be made: \(error)")
      return trajectory
    }
    trajectory.base = workspace.base
    if let tree = beginning?.tree, tree != workspace.base.tree {
      trajectory.stopReason = .infrastructure(
        "the files are now tree \(workspace.base.tree.short), but the episode began with "
          + "\(tree.short): it can't go on from them")
      try? workspace.remove()
      return trajectory
    }
    trajectory.opening =
      beginning?.opening ?? openingMessages(workTree: workspace.path, hindsight: hindsight)
    do {
      var header = header(trajectory, policy: policy, base: workspace.base, time: clock.unixTime)
      header.fork = beginning?.origin
      for observer in observers { try await observer.began(header) }
      let session = try await policy.session(
        seed: seed, limits: SessionLimits(contextTokens: limits.totalTokens),
        tools: dialect.definitions(of: tools))
      var loop = EpisodeLoop(
        episode: self, session: session, workspace: workspace, clock: clock, observers: observers,
        trajectory: trajectory)
      await loop.run(after: beginning?.turns ?? [])
      await session.end()
      trajectory = loop.trajectory
    } catch is CancellationError {
      trajectory.stopReason = .cancelled
    } catch {
      trajectory.stopReason = .infrastructure("\(error)")
    }
    close(workspace, &trajectory)
    trajectory.seconds = clock.elapsed
    return trajectory
  }

  /// The messages that the policy would be given first; nothing is run.
  public func opening(at place: Place) throws(ToolsError) -> [ChatMessage] {
    let workspace = try Workspace.materialize(
      assignment.source, recorder: place.recorder, name: place.name, at: place.workTree)
    let messages = openingMessages(workTree: workspace.path, hindsight: nil)
    try workspace.remove()
    return messages
  }

  /// Takes the result out of the work tree, whatever the stop reason.
  private func close(_ workspace: Workspace, _ trajectory: inout Trajectory) {
    do throws(ToolsError) {
      let last = trajectory.lastSnapshot ?? workspace.base
      trajectory.finalDiff = try workspace.diff(from: workspace.base, to: last)
      let changed = try workspace.changedPaths(from: workspace.base, to: last)
      trajectory.protectedPathsTouched = assignment.protectedPaths.touched(by: changed)
      if removesWorkTree { try workspace.remove() }
    } catch {
      if !trajectory.stopReason.isInfrastructure {
        trajectory.stopReason = .infrastructure("\(error)")
      }
    }
  }

  private func openingMessages(workTree: String, hindsight: String?) -> [ChatMessage] {
    dialect.openingMessages(
      instruction: assignment.instruction, files: WorkTreeListing.shown(in: workTree),
      testCommand: assignment.testCommand, hindsight: hindsight, tools: tools,
      limits: openingLimits)
  }

  private func header(
    _ trajectory: Trajectory, policy: any Policy, base: Snapshot, time: Double
  ) -> TranscriptHeader {
    TranscriptHeader(
      task: assignment.id, sample: trajectory.sample, seed: trajectory.seed, base: base,
      policy: policy.identity, dialect: dialect.name, tools: tools, messages: trajectory.opening,
      testCommand: assignment.testCommand,
      protectedPaths: assignment.protectedPaths.map(\.description), workdir: assignment.workdir,
      limits: limits, environment: environment, agentRepository: agentRepository, time: time)
  }
}

/// Someone who watches an episode: a transcript, a terminal.
public protocol EpisodeObserver: Sendable {
  func began(_ header: TranscriptHeader) async throws
  func took(_ turn: Turn) async throws
}

/// The paths of a work tree, for the first user message.
public enum WorkTreeListing {
  /// Files and links under `root`, relative to it and sorted by bytes; `.git` and Python's caches stay
  /// out, links are not followed, and at most 5,000 are listed.
  public static func files(in root: String) -> [String] {
    guard let paths = FileManager.default.enumerator(atPath: root) else { return [] }
    var files: [String] = []
    while files.count < 5_000, let path = paths.nextObject() as? String {
      let name = path.split(separator: "/").last ?? ""
      let isFolder = paths.fileAttributes?[.type] as? FileAttributeType == .typeDirectory
      if name == ".git" || name == "__pycache__" {
        paths.skipDescendants()
      } else if !isFolder {
        files.append(path)
      }
    }
    return files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Those of ``files(in:)`` that hold anything: what an agent is told of.
  public static func shown(in root: String) -> [String] {
    files(in: root).filter { path in
      let place = URL(filePath: root).appending(path: path).path(percentEncoded: false)
      let size = try? FileManager.default.attributesOfItem(atPath: place)[.size] as? Int
      return size != 0
    }
  }

  /// A line with digest and path for each of the files: what a digest of a folder is taken over.
  static func digests(
    in root: URL, where isWanted: (String) -> Bool = { _ in true }
  ) -> String {
    files(in: root.path(percentEncoded: false)).filter(isWanted).map { path in
      let contents = (try? Data(contentsOf: root.appending(path: path))) ?? Data()
      return "\(sha256Hex(contents)) \(path)\n"
    }.joined()
  }
}
