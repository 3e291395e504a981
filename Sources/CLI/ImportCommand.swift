internal import Agent
internal import ArgumentParser
internal import Foundation
internal import Tools

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a transcript of a trajectory in ATIF or mini-swe-agent's form.",
    discussion: """
      What `hindsight export` wrote in these formats comes back as it was; it is refused if its steps, \
      or what it says of the agent and of the whole, were edited since. What another agent recorded \
      is carried out again, in the sandbox, on the files that it began with, in a git repository of \
      one commit: each command, and what came of it here. Several calls of one message become a turn \
      each. Turns whose exit code is another than was recorded are named, and the exit code is then \
      1, as it is where nothing could be carried out. The transcript keeps the record as well, \
      without what is known by its name or form as a key or a password: exported in the same format \
      it is that record again.

        hindsight import last_mini_run.traj.json --repo . --output mini.jsonl
      """)

  @Argument(help: "The trajectory: ATIF, or mini-swe-agent's .traj.json.")
  var file: String

  @Option(help: ArgumentHelp("The transcript to write; must not exist.", valueName: "file"))
  var output: String

  @Option(
    help: ArgumentHelp("The git repository that the agent worked on.", valueName: "path"))
  var repo: String?

  @Option(help: "The revision of --repo that it began with.")
  var revision = "HEAD"

  @Option(help: "The command that runs the tests, for the transcript's header.")
  var test: String?

  @Option(help: "Where commands run: bubblewrap or none.")
  var sandbox = Sandbox.bubblewrap

  func run() async throws {
    guard let data = try? Data(contentsOf: URL(filePath: file)) else {
      throw TranscriptError("\(file) can't be read; expected a trajectory")
    }
    guard !FileManager.default.fileExists(atPath: output) else {
      throw TranscriptError("\(output) is there already: choose another --output")
    }
    let foreign = try ForeignEpisode(data, file: file)
    if let lines = foreign.record.transcriptLines {
      return try restore(lines, of: foreign.record)
    }
    try await carryOut(foreign)
  }

  /// Writes the transcript that a record of ours carries.
  private func restore(_ lines: Data, of record: ExchangeRecord) throws {
    let place = URL(filePath: output)
    try lines.write(to: place, options: .atomic)
    let turns: Int
    let edited: String?
    do {
      let transcript = try Transcript.read(place)
      try TranscriptChain.checkUnedited(place)
      turns = transcript.turns.count
      edited = try record.firstDifference(from: transcript)
    } catch {
      try? FileManager.default.removeItem(at: place)
      throw TranscriptError("\(file): what it says of the transcript is damaged: \(error)")
    }
    if let edited {
      try? FileManager.default.removeItem(at: place)
      let room = record.format.room
      throw TranscriptError(
        "\(file): \(edited) isn't what the transcript in '\(room)' says: one of them was "
          + "edited; without '\(room).hindsight' all is carried out again")
    }
    print("\(counted(turns, "turn")), as they were written, in \(output)")
  }

  private func carryOut(_ foreign: ForeignEpisode) async throws {
    guard let repo else {
      throw TranscriptError("\(file) is another agent's: give what it worked on with --repo")
    }
    if let reason = await sandbox.probe() { throw TranscriptError(reason) }
    let scratch = try TemporaryFolder("import")
    defer { scratch.remove() }
    let episode = Episode(
      assignment: Assignment(
        id: "import/\(URL(filePath: file).lastPathComponent)", instruction: "",
        source: .repository(repo, revision: revision), testCommand: test),
      dialect: foreign.dialect,
      tools: ToolName.allCases.filter(foreign.dialect.tools.contains),
      // As long as it went, however often it said nothing that can be carried out.
      limits: EpisodeLimits(
        turns: foreign.replies.count, wallSeconds: 3e7, formatErrors: .max, toolTimeouts: .max),
      environment: ToolEnvironment(sandbox: sandbox),
      // Such agents look at their changes, and hand them in, with git.
      agentRepository: true)
    let writer = TranscriptWriter(URL(filePath: output))
    let policy = ScriptedPolicy(name: foreign.name, texts: foreign.replies)
    let place = try scratch.place(name: "import")
    let progress = ProgressReporter("Carrying out", total: foreign.replies.count, unit: "turns")
    var trajectory = try await cancellingOnInterrupt {
      await episode.run(
        policy, at: place, seed: 0, after: EpisodeBeginning(foreign),
        observers: [Recorder(writer: writer, record: foreign.record, progress: progress)])
    }
    progress.finish()
    if trajectory.stopReason.isInfrastructure {
      writer.close()
      try? FileManager.default.removeItem(atPath: output)
      throw TranscriptError("\(file): \(trajectory.stopReason.detail ?? "stopped")")
    }
    // The limit is where the script ends, none of the agent's.
    if trajectory.stopReason == .turnLimit { trajectory.stopReason = foreign.stopReason }
    try writer.finish(TranscriptEnd(trajectory))
    let others = zip(trajectory.turns, foreign.exitCodes).filter { turn, code in
      guard let code, let now = turn.result?.exitCode else { return false }
      return Int(now) != code
    }
    for (turn, code) in others {
      print(
        "turn \(turn.number): exit code \(turn.result?.exitCode ?? 0) here, \(code ?? 0) recorded")
    }
    if foreign.left > 0 {
      print("\(foreign.left) turns call tools that aren't known here: left out")
    }
    if foreign.record.hasSecrets {
      print("its record is kept without the keys and passwords found in it")
    }
    let (taken, all) = (trajectory.turns.count, foreign.replies.count)
    let turns = (taken < all ? "\(taken) of " : "") + counted(all, "turn")
    let acted = trajectory.turns.contains { $0.call != nil }
    let outcome = acted ? "carried out again" : "without an action that could be carried out"
    print("\(turns) \(outcome), in \(output)")
    if !others.isEmpty || foreign.left > 0 || taken < all || !acted { throw ExitCode(1) }
  }

  /// Writes the transcript, with what it is made of in its header.
  private struct Recorder: EpisodeObserver {
    let writer: TranscriptWriter
    let record: ExchangeRecord
    let progress: ProgressReporter

    func began(_ header: TranscriptHeader) throws {
      var header = header
      header.imported = record.withoutSecrets
      try writer.began(header)
    }

    func took(_ turn: Turn) throws {
      try writer.took(turn)
      progress.advance()
    }
  }
}
