internal import Agent
internal import ArgumentParser
internal import Foundation
internal import Tools

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Let the agent work on an issue in a git repository; get a branch and a patch.",
    discussion: """
      The agent works on a copy of HEAD's files. Your work tree and branches stay as they are; the \
      outcome is a new branch hindsight/…, with a commit for each turn, a patch and a transcript.
      Exits with 1 if the agent changed nothing or was stopped by a limit.

      Example: hindsight run --repo ~/project --issue "The mean of nothing fails." \
      --test "python3 -m unittest -v"
      """)

  @Option(help: ArgumentHelp("The repository.", valueName: "path"))
  var repo: String

  @Option(help: ArgumentHelp("What to do: a text, a file, or - for input.", valueName: "text|file"))
  var issue: String

  @Option(help: ArgumentHelp("The command that runs the tests.", valueName: "command"))
  var test: String?

  @OptionGroup var policy: PolicyOptions

  @Option(help: "Turns at most.")
  var maxTurns = 20

  @Option(help: "Minutes at most.")
  var maxMinutes = 30.0

  @Option(help: "Tokens of an action at most.")
  var maxTokens = 1024

  @Option(help: "How actions are written: \(Dialects.names.joined(separator: " or ")).")
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
    guard (1...1000).contains(maxTurns) else {
      throw ValidationError("--max-turns must be from 1 to 1000.")
    }
    guard maxMinutes > 0 else { throw ValidationError("--max-minutes must be more than 0.") }
    guard (1...1_000_000).contains(maxTokens) else {
      throw ValidationError("--max-tokens must be from 1 to 1000000.")
    }
    guard Dialects.named(dialect) != nil else {
      throw ValidationError("--dialect must be \(Dialects.names.joined(separator: " or ")).")
    }
  }

  func run() async throws {
    let issue = try IssueText(issue)
    let policy = try await makePolicy(policy)
    if let reason = await sandbox.probe() { throw RunError(reason) }
    let files = try RunFiles(repository: repo, output: output, slug: issue.slug)
    let scratch = try ScratchFolder("run")
    defer { scratch.remove() }
    let place = try scratch.place(name: issue.slug)
    let transcript = TranscriptWriter(files.transcript)
    let episode = episode(issue)
    let seed = seed
    let trajectory = try await cancellingOnInterrupt {
      await episode.run(
        policy, at: place, seed: seed, observers: [transcript, LiveView(view: Terminal.view)])
    }
    try transcript.finish(TranscriptEnd(trajectory))
    try deliver(trajectory, issue, place.recorder, files)
  }

  private func episode(_ issue: IssueText) -> Episode {
    Episode(
      assignment: Assignment(
        id: "run/\(issue.slug)", instruction: issue.text, source: .repository(repo),
        testCommand: test),
      dialect: Dialects.named(dialect) ?? CompactDialect(),
      tools: ToolName.allCases.filter { $0 != .test || test != nil },
      limits: EpisodeLimits(
        turns: maxTurns, actionTokens: maxTokens, wallSeconds: maxMinutes * 60),
      environment: ToolEnvironment(sandbox: sandbox))
  }

  /// Writes the patch and the branch, and says where everything is.
  private func deliver(
    _ trajectory: Trajectory, _ issue: IssueText, _ recorder: Recorder, _ files: RunFiles
  ) throws {
    if trajectory.turns.isEmpty, case .infrastructure(let reason) = trajectory.stopReason {
      throw RunError(reason)
    }
    let view = Terminal.view
    print("\n" + view.render(TranscriptEnd(trajectory)) + "\n")
    if !trajectory.turns.isEmpty { print("Transcript: \(files.transcript.path)") }
    if let base = trajectory.base, !trajectory.finalDiff.isEmpty {
      try Data(trajectory.finalDiff).write(to: files.patch)
      let turns = try trajectory.turns.map {
        ExportedTurn(snapshot: $0.snapshot, message: try recorder.message(of: $0.snapshot.commit))
      }
      let (branch, commit) = try recorder.export(
        turns, since: base, to: repo, onto: "HEAD", branch: "hindsight/\(issue.slug)")
      print("Patch:      \(files.patch.path)")
      print("Branch:     \(branch) (\(commit.short))")
    } else {
      print("The agent changed nothing.")
    }
    if case .infrastructure(let reason) = trajectory.stopReason { throw RunError(reason) }
    if trajectory.stopReason == .cancelled { throw CancellationError() }
    if trajectory.stopReason != .submitted || trajectory.finalDiff.isEmpty { throw ExitCode(1) }
  }
}

/// Prints turns as they happen.
private struct LiveView: EpisodeObserver {
  var view: TranscriptView

  func began(_ header: TranscriptHeader) {
    print(view.render(header))
    fflush(nil)
  }

  func took(_ turn: Turn) {
    print("\n" + view.render(turn))
    fflush(nil)
  }
}

/// What the agent is to do, and a short name for it.
private struct IssueText {
  var text: String

  /// From a text, a file, or standard input if it is "-".
  init(_ argument: String) throws {
    var folder: ObjCBool = false
    if argument == "-" {
      let data = try FileHandle.standardInput.readToEnd() ?? Data()
      text = String(decoding: data, as: UTF8.self)
    } else if FileManager.default.fileExists(atPath: argument, isDirectory: &folder) {
      guard !folder.boolValue else { throw RunError("--issue \(argument) is a folder") }
      text = String(decoding: try Data(contentsOf: URL(filePath: argument)), as: UTF8.self)
    } else {
      text = argument
    }
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw RunError("--issue is empty; expected what the agent is to do")
    }
  }

  /// The first words in lower case, for a branch: "add-subtracts-its-arguments".
  var slug: String {
    let line =
      text.split(whereSeparator: \.isNewline).first { !$0.allSatisfy(\.isWhitespace) } ?? ""
    let words = line.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    var slug = ""
    for word in words where slug.count + word.count < 40 {
      slug += (slug.isEmpty ? "" : "-") + word
    }
    return slug.isEmpty ? "change" : slug
  }
}

/// Where a run's patch and transcript go: new names, nothing is overwritten.
private struct RunFiles {
  let patch: URL
  let transcript: URL

  init(repository: String, output: String?, slug: String) throws {
    let folder =
      try output.map { URL(filePath: $0) }
      ?? Self.gitFolder(of: repository).appending(path: "hindsight")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw RunError("\(folder.path) can't be made: \(Failure.reason(for: error))")
    }
    var name = slug
    var number = 2
    while FileManager.default.fileExists(atPath: folder.appending(path: name + ".jsonl").path)
      || FileManager.default.fileExists(atPath: folder.appending(path: name + ".patch").path)
    {
      name = "\(slug)-\(number)"
      number += 1
    }
    patch = folder.appending(path: name + ".patch")
    transcript = folder.appending(path: name + ".jsonl")
  }

  /// `.git`, what a `.git` file points to, or a bare repository itself.
  private static func gitFolder(of repository: String) throws -> URL {
    let root = URL(filePath: repository)
    let git = root.appending(path: ".git")
    if let text = try? String(contentsOf: git, encoding: .utf8), text.hasPrefix("gitdir: ") {
      let path = text.dropFirst(8).trimmingCharacters(in: .newlines)
      return path.hasPrefix("/") ? URL(filePath: path) : root.appending(path: path)
    }
    let files = FileManager.default
    if files.fileExists(atPath: git.path) { return git }
    guard files.fileExists(atPath: root.appending(path: "HEAD").path) else {
      throw RunError("--repo \(repository) is not the top folder of a git repository")
    }
    return root
  }
}

/// Why a run can't begin or was broken off, as one sentence.
private struct RunError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
