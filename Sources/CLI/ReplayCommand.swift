internal import Agent
internal import ArgumentParser
internal import Foundation
internal import Tools

struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Read a saved transcript, or carry out its actions again and compare.",
    discussion: """
      --view (the default) prints the episode. --verify makes the task's work tree anew, carries out \
      every action, and compares exit code, output and tree at every turn; durations, addresses and \
      temporary paths may differ. The first divergence is shown, and the exit code is then 1. No \
      model is needed.

        hindsight replay runs/first/transcripts/step-1/slug-accents-0.jsonl
        hindsight replay --verify .git/hindsight/fix-the-mean.jsonl --repo .
      """)

  enum Mode: String, EnumerableFlag {
    case view
    case verify
  }

  @Argument(help: "The transcript, a .jsonl file.")
  var file: String

  @Flag(help: "Print it, or verify it.")
  var mode = Mode.view

  @Option(help: "The folder of tasks.")
  var tasks = "tasks"

  @Option(
    help: ArgumentHelp("The git repository that `hindsight run` worked on.", valueName: "path"))
  var repo: String?

  @Option(help: "The revision of --repo.")
  var revision = "HEAD"

  @Option(help: "Where actions run, bubblewrap or none; as in the transcript unless given.")
  var sandbox: Sandbox?

  func run() async throws {
    let transcript = try Transcript.read(URL(filePath: file))
    switch mode {
    case .view:
      print(Terminal.view.render(transcript), terminator: "")
    case .verify:
      try await verify(transcript)
    }
  }

  private func verify(_ transcript: Transcript) async throws {
    var verifier = ReplayVerifier(transcript)
    if let sandbox { verifier.environment.sandbox = sandbox }
    if let reason = await verifier.environment.sandbox.probe() { throw TranscriptError(reason) }
    let source = try source(of: transcript.header)
    let folder = try ScratchFolder("replay")
    defer { folder.remove() }
    let place = try folder.place(name: "replay")
    let (task, total) = (transcript.header.task, transcript.turns.count)
    let progress = ProgressReporter("Verifying", total: total, unit: "turns")
    let verification = verifier
    let divergence = try await cancellingOnInterrupt {
      try await verification.verify(from: source, at: place) { _ in progress.advance() }
    }
    progress.finish()
    if let divergence {
      print(Terminal.view.render(divergence, width: Terminal.width))
      throw ExitCode(1)
    }
    var summary = "\(VisibleText.escaped(task)): all \(total) turns are the same"
    if let line = transcript.truncatedLine { summary += "; line \(line) was cut off" }
    if transcript.end == nil { summary += "; the episode was cut off" }
    print(summary)
  }

  /// What the episode began with.
  private func source(of header: TranscriptHeader) throws -> TreeSource {
    if let repo { return .repository(repo, revision: revision) }
    let folders = try TaskSet.folders(in: URL(filePath: tasks))
    guard let folder = folders.first(where: { $0.lastPathComponent == header.task }) else {
      throw TranscriptError(
        "\(file): \(tasks) has no task \(VisibleText.escaped(header.task)); give its folder with"
          + " --tasks, or its repository with --repo")
    }
    return try RepairTask(directory: folder).assignment.source
  }
}
