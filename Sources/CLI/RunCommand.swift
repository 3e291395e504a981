internal import Agent
internal import ArgumentParser
internal import Foundation
internal import LanguageModel
internal import SDPO
internal import Tools

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Let the agent work on an issue in a git repository; get a branch and a patch.",
    discussion: """
      The agent works on a copy of HEAD's files. Your work tree and branches stay as they are; the \
      outcome is a new branch hindsight/…, with a commit for each turn, a patch and a transcript. What \
      the repository's AGENTS.md says is told to the agent, its first 2,000 bytes.
      A run that was stopped, or ran into a limit, goes on with --continue and its transcript: its turns are \
      carried out again, and the model sees what was said in them.
      Exits with 1 if the agent changed nothing, was stopped by a limit, the tests fail after each of several \
      attempts, or its patch can't be applied.

      Example: hindsight run --repo ~/project --issue "The mean of nothing fails." \
      --test "python3 -m unittest -v"
      """)

  @Option(help: ArgumentHelp("The repository.", valueName: "path"))
  var repo: String

  @Option(help: ArgumentHelp("What to do: a text, a file, or - for input.", valueName: "text|file"))
  var issue: String?

  @Option(
    name: .customLong("continue"),
    help: ArgumentHelp(
      "Go on with an earlier run that was stopped or ran into a limit, instead of --issue.",
      valueName: "transcript"))
  var earlier: String?

  @Option(help: ArgumentHelp("The command that runs the tests.", valueName: "command"))
  var test: String?

  @Option(help: ArgumentHelp("What the agent begins with.", valueName: "revision"))
  var ref = "HEAD"

  @Flag(help: "Begin with the work tree's changes too, and with its new files that aren't ignored.")
  var includeUncommitted = false

  @Option(help: "Try so often at most, until the tests pass; the best attempt is kept.")
  var attempts = 1

  @Flag(help: "Tell each attempt what the tests said of the one before.")
  var withFeedback = false

  @Flag(
    help: """
      Let the local model learn between attempts: what the tests said of each is distilled into an adapter of \
      this run's own.
      """)
  var adapt = false

  @Flag(help: "One commit, not one for each turn.")
  var squash = false

  @Flag(help: "Apply the patch to the work tree, if it applies cleanly.")
  var apply = false

  @Flag(help: "Print what the agent would be told, and end.")
  var printPrompt = false

  @OptionGroup var policy: PolicyOptions

  @Option(help: "Turns at most.")
  var maxTurns = 20

  @Option(
    help: ArgumentHelp(
      """
      Turns in a row that leave the files as they are, after which the model forgets all but the first messages and \
      begins anew; never, if not given, or as in the run that goes on.
      """, valueName: "turns"))
  var resetAfter: Int?

  @Option(help: "Minutes at most.")
  var maxMinutes = 30.0

  @Option(help: "Tokens of an action at most.")
  var maxTokens = 1024

  @Option(help: "How actions are written: \(Dialects.names.joined(separator: ", ")).")
  var dialect = "compact"

  @Option(help: "The seed of the model's randomness.")
  var seed: UInt64 = 0

  @Option(help: "Where actions run: bubblewrap or none.")
  var sandbox = Sandbox.bubblewrap

  @Option(
    help: ArgumentHelp(
      "Where patch and transcript are written; in the repository's .git/hindsight unless given.",
      valueName: "dir"))
  var output: String?

  func validate() throws {
    guard (issue == nil) != (earlier == nil) else {
      throw ValidationError("Give --issue, or --continue with an earlier run's transcript.")
    }
    guard earlier == nil || (attempts == 1 && !printPrompt && test == nil) else {
      throw ValidationError(
        "--continue takes the earlier run's tests: it goes with none of --attempts, --print-prompt and --test."
      )
    }
    for (name, value) in [("--repo", repo), ("--test", test), ("--output", output)]
    where value?.allSatisfy(\.isWhitespace) == true {
      throw ValidationError("\(name) is empty.")
    }
    guard (1...1000).contains(maxTurns) else {
      throw ValidationError("--max-turns must be from 1 to 1000.")
    }
    guard (1...1000).contains(resetAfter ?? 1) else {
      throw ValidationError("--reset-after must be from 1 to 1000.")
    }
    guard (1...1000).contains(attempts) else {
      throw ValidationError("--attempts must be from 1 to 1000.")
    }
    guard attempts == 1 || test != nil else {
      throw ValidationError("--attempts needs --test, which tells whether one has succeeded.")
    }
    guard attempts > 1 || !(adapt || withFeedback) else {
      throw ValidationError("--adapt and --with-feedback are about --attempts: give 2 or more.")
    }
    guard maxMinutes > 0, maxMinutes <= 1e6 else {
      throw ValidationError("--max-minutes must be more than 0 and at most 1000000.")
    }
    guard (1...1_000_000).contains(maxTokens) else {
      throw ValidationError("--max-tokens must be from 1 to 1000000.")
    }
    guard Dialects.named(dialect) != nil else {
      throw ValidationError("--dialect must be one of \(Dialects.names.joined(separator: ", ")).")
    }
    if case .local = ModelReference(policy.model), !Dialects.local.contains(dialect) {
      throw ValidationError(
        "--dialect \(dialect) is an endpoint's: give its address with --model, or take another.")
    }
  }

  func run() async throws {
    let continued = try earlier.map { try ContinuedRun(URL(filePath: $0)) }
    let issue = try continued?.issue ?? IssueText(issue ?? "")
    let gitFolder = try RunFiles.gitFolder(of: repo)
    if printPrompt { return try showPrompt(issue) }
    let folder = output.map { URL(filePath: $0) } ?? gitFolder.appending(path: "hindsight")
    try await outlivingReader { try await work(on: issue, after: continued, folder: folder) }
  }

  /// - continued: the earlier run that goes on.
  /// - folder: for patch and transcript.
  private func work(
    on issue: IssueText, after continued: ContinuedRun?, folder: URL
  ) async throws {
    let trained = adapt ? try makeTrainablePolicy(policy, seed: seed) : nil
    let policy: any Policy = if let trained { trained } else { try await makePolicy(policy) }
    if let reason = await sandbox.probe() { throw RunError(reason) }
    let scratch = try TemporaryFolder("run")
    defer { scratch.remove() }
    let recorder = try Recorder(at: scratch.path("recorder.git"))
    try checkRoomForBranch()
    let start = try RunStart(
      repository: repo, revision: ref, includesUncommitted: includeUncommitted, recorder: recorder)
    for sentence in start.leftAlone { print(sentence) }
    let episode = try continued.map { try goingOn($0, start) } ?? episode(issue, start)
    let files = try (0..<attempts).map { number in
      try RunFiles(
        folder: folder,
        name: number == 0 ? issue.slug : "\(issue.slug)-attempt-\(number + 1)")
    }
    let adaptation = trained.flatMap { policy in
      policy.adapter.map {
        Adaptation(policy, adapter: $0, dialect: episode.dialect, tools: episode.tools)
      }
    }
    let outcome = try await RunAttempts(
      episode: episode, policy: policy, adaptation: adaptation, baseModel: self.policy.model,
      tellsFeedback: withFeedback, seed: seed, scratch: scratch, recorder: recorder, files: files
    ).run(after: continued?.beginning)
    try finishingDespiteInterrupt { try save(outcome.best, issue, start, recorder) }
    if let trouble = outcome.trouble { throw trouble }
    try conclude(outcome.best)
  }

  /// Git has no branch below another one.
  private func checkRoomForBranch() throws {
    guard !Recorder.hasBranch("hindsight", in: repo) else {
      throw RunError(
        "--repo \(repo) has a branch called hindsight, so that no outcome can be called hindsight/…; "
          + "rename it")
    }
  }

  private func showPrompt(_ issue: IssueText) throws {
    let (episode, opening) = try self.opening(issue)
    for message in opening {
      print("[\(message.role.rawValue)]\n\(VisibleText.escaped(message.content))\n")
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for definition in episode.dialect.definitions(of: episode.tools) {
      print("[tool]\n\(String(decoding: try encoder.encode(definition), as: UTF8.self))\n")
    }
  }

  /// What the agent would be told first. Nothing is left on the disk when it is printed, which a reader may end.
  private func opening(_ issue: IssueText) throws -> (Episode, [ChatMessage]) {
    let scratch = try TemporaryFolder("run")
    defer { scratch.remove() }
    let place = try scratch.place(name: "prompt")
    let start = try RunStart(
      repository: repo, revision: ref, includesUncommitted: includeUncommitted,
      recorder: place.recorder)
    let episode = episode(issue, start)
    return (episode, try episode.opening(at: place))
  }

  private func episode(_ issue: IssueText, _ start: RunStart) -> Episode {
    let dialect = Dialects.named(dialect) ?? CompactDialect()
    var instruction = issue.text
    if let notes = start.notes { instruction += "\n\nNotes on this repository:\n\(notes)" }
    return Episode(
      assignment: Assignment(
        id: "run/\(issue.slug)", instruction: instruction, source: .snapshot(start.base),
        // An agent may have to change tests: it is said when it did.
        testCommand: test, protectedPaths: RepairTask.standardProtectedPaths),
      dialect: dialect,
      tools: ToolName.allCases.filter {
        dialect.tools.contains($0) && (![.test, .tryOut].contains($0) || test != nil)
      },
      limits: EpisodeLimits(
        turns: maxTurns, actionTokens: maxTokens, wallSeconds: maxMinutes * 60,
        resetAfter: resetAfter),
      environment: ToolEnvironment(sandbox: sandbox),
      // Who has nothing but the shell looks at its changes, and hands them in, with git.
      agentRepository: dialect is BashDialect)
  }

  /// Where commands run and what they may take is up to the options, whatever an earlier transcript says.
  private func goingOn(_ run: ContinuedRun, _ start: RunStart) throws -> Episode {
    var episode = try run.episode(start, more: maxTurns)
    episode.environment.sandbox = sandbox
    episode.limits.actionTokens = maxTokens
    episode.limits.resetAfter = resetAfter ?? episode.limits.resetAfter
    episode.limits.wallSeconds = maxMinutes * 60
    return episode
  }

  /// Writes the patch and the branch, and says where everything is.
  private func save(
    _ attempt: RunAttempt, _ issue: IssueText, _ start: RunStart, _ recorder: Recorder
  ) throws {
    let (trajectory, files) = (attempt.trajectory, attempt.files)
    if let number = attempt.number { print("Kept:       attempt \(number)") }
    if !trajectory.turns.isEmpty {
      print("Transcript: \(VisibleText.escaped(files.transcript.path))")
    }
    if !trajectory.finalDiff.isEmpty {
      try Data(trajectory.finalDiff).write(to: files.patch)
      print("Patch:      \(VisibleText.escaped(files.patch.path))")
      let (branch, commit) = try recorder.export(
        try commits(trajectory, issue, start, recorder), since: start.committed, to: repo,
        onto: start.commit.description, branch: "hindsight/\(issue.slug)")
      print("Branch:     \(branch) (\(commit.short))")
    } else {
      print("The agent changed nothing.")
    }
  }

  /// Applies the patch, if that was asked for, and tells by the exit code how it went.
  private func conclude(_ attempt: RunAttempt) throws {
    let trajectory = attempt.trajectory
    if case .infrastructure(let reason) = trajectory.stopReason { throw RunError(reason) }
    if apply, !trajectory.finalDiff.isEmpty {
      do {
        try UserWorkTree.apply(trajectory.finalDiff, to: repo)
        print("Applied to the work tree.")
      } catch {
        print("Not applied to the work tree: \(VisibleText.escaped(error.description))")
        throw ExitCode(1)
      }
    }
    if trajectory.stopReason != .submitted || trajectory.finalDiff.isEmpty
      || attempt.tests?.pass == false
    {
      throw ExitCode(1)
    }
  }

  /// What the branch is to hold: the uncommitted changes that the agent began with, then its turns.
  private func commits(
    _ trajectory: Trajectory, _ issue: IssueText, _ start: RunStart, _ recorder: Recorder
  ) throws -> [ExportedTurn] {
    let before =
      start.base == start.committed
      ? [] : [ExportedTurn(snapshot: start.base, message: RunStart.uncommitted)]
    if squash, let last = trajectory.lastSnapshot {
      return before + [ExportedTurn(snapshot: last, message: VisibleText.escaped(issue.title))]
    }
    // `git log` would have a terminal obey what a model wrote.
    return try before
      + trajectory.turns.map {
        ExportedTurn(
          snapshot: $0.snapshot,
          message: VisibleText.escaped(try recorder.message(of: $0.snapshot.commit)))
      }
  }
}
