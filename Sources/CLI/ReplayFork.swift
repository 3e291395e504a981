internal import Agent
internal import ArgumentParser
internal import Foundation
internal import Tools

/// What `hindsight replay --fork-from` needs besides the transcript.
struct ForkOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Go on after this turn in another way: what the turns up to it said is kept, token for token.",
      valueName: "turn"))
  var forkFrom: Int?

  @Option(help: "To fork: turns at most after that one.")
  var maxTurns = 20

  @Option(help: "To fork: the seed of the model's randomness; the transcript's, if not given.")
  var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      """
      To fork: where transcript and patch are written; in the .git/hindsight of --repo, else in \
      runs/fork, unless given.
      """,
      valueName: "dir"))
  var output: String?

  func validate() throws {
    guard output == nil || forkFrom != nil else {
      throw ValidationError("--output goes with --fork-from.")
    }
    guard output?.allSatisfy(\.isWhitespace) != true else {
      throw ValidationError("--output is empty.")
    }
    guard (1...1000).contains(maxTurns) else {
      throw ValidationError("--max-turns must be from 1 to 1000.")
    }
  }

  /// Where transcript and patch go. Not beside the old one, whose folder may be under version control.
  private func folder(_ repository: String?) throws -> URL {
    if let output { return URL(filePath: output) }
    guard let repository else { return URL(filePath: "runs/fork") }
    return try RunFiles.gitFolder(of: repository).appending(path: "hindsight")
  }

  /// Takes the episode up, live on the terminal, and writes transcript and patch.
  ///
  /// - repository: the one that is worked on, if it's no task's.
  /// - task: grades the outcome, if there is one.
  func fork(
    _ file: URL, from source: TreeSource, repository: String?, task: RepairTask?,
    policy: PolicyOptions, sandbox: Sandbox?
  ) async throws {
    let folder = try folder(repository)
    let transcript = try Transcript.read(file)
    try TranscriptChain.checkUnedited(file)
    let beginning = try EpisodeBeginning(
      transcript, turns: forkFrom, digest: sha256Hex(try Data(contentsOf: file)))
    var episode = try Episode(
      like: transcript.header, after: beginning, source: source, more: maxTurns)
    episode.environment.sandbox = try ReplayCommand.sandbox(sandbox, of: transcript.header)
    if let reason = await episode.environment.sandbox.probe() { throw TranscriptError(reason) }
    let policy = try await makePolicy(policy)
    let files = try RunFiles(
      folder: folder,
      name: "\(file.deletingPathExtension().lastPathComponent)-fork-\(beginning.turns.count)")
    let scratch = try TemporaryFolder("fork")
    defer { scratch.remove() }
    let place = try scratch.place(name: "fork")
    let writer = TranscriptWriter(files.transcript)
    let (going, header) = (episode, transcript.header)
    let seed = seed ?? header.seed
    let trajectory = try await cancellingOnInterrupt {
      await going.run(
        policy, at: place, sample: header.sample, seed: seed, after: beginning,
        observers: [writer, LiveView(place.recorder)])
    }
    try writer.finish(TranscriptEnd(trajectory))
    if case .infrastructure(let reason) = trajectory.stopReason {
      // Without a turn of its own it is a part of the other.
      if trajectory.turns.count <= beginning.turns.count {
        try? FileManager.default.removeItem(at: files.transcript)
      } else {
        print("Transcript: \(files.transcript.path)")
      }
      throw TranscriptError("\(file.path(percentEncoded: false)): \(reason)")
    }
    LiveView.ended(trajectory)
    print("Transcript: \(files.transcript.path)")
    if !trajectory.finalDiff.isEmpty {
      try Data(trajectory.finalDiff).write(to: files.patch)
      print("Patch:      \(files.patch.path)")
    }
    if trajectory.stopReason == .cancelled { throw CancellationError() }
    guard let task else { return }
    let grade = await Grader(sandbox: episode.environment.sandbox)
      .grade(task, patch: trajectory.finalDiff)
    if let failure = grade.infrastructureFailure { throw TranscriptError(failure) }
    print("Hidden tests: \(grade.resolved ? "resolved" : "not resolved")")
  }
}
