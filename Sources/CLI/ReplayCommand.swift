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
      every action, and compares exit code, output and tree at every turn; times, durations, addresses \
      and temporary paths may differ. The first divergence is shown, and the exit code is then 1. No \
      model is needed. --verify --update shows every divergence and then writes the transcript anew \
      with what the actions come to now; the earlier file stays beside it, and the new one names its \
      digest. One from before lines carried digests gets them so.
      --check says whether the file is as it was written: each line carries the digest of the one \
      before. Of a folder, all transcripts in it are checked, verified or updated.
      --fork-from makes a new episode that goes on after one of the turns: the turns before are carried \
      out again, and the model, the same or another, sees what was said in them. Its transcript and \
      patch are written to --output, else to the .git/hindsight of --repo, as those of `hindsight run` \
      are, else to runs/fork.
      --score asks a model how much likelier each token of the agent's is once the end is known: the \
      credit that training would give it.

        hindsight replay runs/first/transcripts/step-1/slug-accents-0.jsonl
        hindsight replay --verify .git/hindsight/fix-the-mean.jsonl --repo .
        hindsight replay --check runs/first/transcripts
        hindsight replay --fork-from 3 --seed 7 failed.jsonl --adapter models/adapters/warm-start
        hindsight replay --score failed.jsonl --adapter models/adapters/warm-start --html credit.html
      """)

  enum Mode: String, EnumerableFlag {
    case view
    case verify
    case check
    case score
  }

  @Argument(help: "The transcript, a .jsonl file; to verify or check, a folder too.")
  var file: String

  @Flag(help: "Print it, verify it by running it again, check its digests, or score its tokens.")
  var mode = Mode.view

  @Flag(help: "With --verify: replace recorded results that differ, and keep the earlier file.")
  var update = false

  @Option(help: "The folder of tasks.")
  var tasks = "tasks"

  @Option(
    help: ArgumentHelp("The git repository that `hindsight run` worked on.", valueName: "path"))
  var repo: String?

  @Option(help: "The revision of --repo.")
  var revision = "HEAD"

  @Option(
    help:
      "Where actions run: bubblewrap, or none, which must be given where the transcript says so.")
  var sandbox: Sandbox?

  @OptionGroup(title: "To score or to fork") var policy: PolicyOptions
  @OptionGroup(title: "To score") var score: ScoreOptions
  @OptionGroup(title: "To fork") var fork: ForkOptions

  func validate() throws {
    guard fork.forkFrom == nil || mode == .view else {
      throw ValidationError("--fork-from goes with none of --verify, --check and --score.")
    }
    guard !update || mode == .verify else {
      throw ValidationError("--update goes with --verify.")
    }
  }

  func run() async throws {
    if fork.forkFrom != nil {
      let header = try Transcript.read(URL(filePath: file)).header
      return try await outlivingReader {
        try await fork.fork(
          URL(filePath: file), from: try source(of: header),
          repository: repo, task: repo == nil ? try task(of: header) : nil, policy: policy,
          sandbox: sandbox)
      }
    }
    switch mode {
    case .score:
      let transcript = try Transcript.read(URL(filePath: file))
      try await score.score(
        transcript, shown: file, by: policy, from: try? source(of: transcript.header),
        sandbox: sandbox
      ) {
        guard case .patch(let patch) = try task(of: transcript.header).solution,
          let data = try? Data(contentsOf: patch)
        else { throw TranscriptError("\(file): its task has no solution/fix.patch to tell") }
        return String(decoding: data, as: UTF8.self)
      }
    case .view:
      print(Terminal.view.render(try Transcript.read(URL(filePath: file))), terminator: "")
    case .check, .verify:
      if update { try await outlivingReader { try await examine() } } else { try await examine() }
    }
  }

  /// Checks, verifies or updates a transcript, or all of a folder.
  private func examine() async throws {
    let files = try TranscriptFiles(file)
    var findings: [Finding] = []
    for file in files.all { findings.append(try await finding(file, among: files)) }
    if files.isFolder { print(summary(findings)) }
    if findings.contains(.wrong) { throw ExitCode(1) }
  }

  /// What came of one transcript.
  private enum Finding {
    case right, updated, wrong
  }

  private func summary(_ findings: [Finding]) -> String {
    let (total, right) = (findings.count, findings.count { $0 == .right })
    guard update else {
      let what = mode == .check ? "as they were written" : "the same again"
      return "\(right) of \(total) transcripts are \(what)"
    }
    let (updated, wrong) = (findings.count { $0 == .updated }, findings.count { $0 == .wrong })
    return "\(counted(total, "transcript")): \(updated) updated, \(right) the same"
      + (wrong > 0 ? ", \(wrong) refused" : "")
  }

  /// Says what was found. In a folder, whatever goes wrong with a file is a finding like any other.
  private func finding(_ url: URL, among files: TranscriptFiles) async throws -> Finding {
    let name = Self.shown(url)
    do {
      if mode == .check { return try check(url) ? .right : .wrong }
      if files.isFolder { print("\(name):") }
      if update { return try await updateResults(url) ? .updated : .right }
      return try await verify(url) ? .right : .wrong
    } catch let error where files.isFolder && !(error is CancellationError) {
      let sentence = VisibleText.escaped(Failure.sentence(for: error))
      print(error is TranscriptError ? sentence : "\(name): \(sentence)")
      return .wrong
    }
  }

  /// Its path: a file's name may hold what a terminal obeys.
  private static func shown(_ url: URL) -> String {
    VisibleText.escaped(url.path(percentEncoded: false))
  }

  private func check(_ url: URL) throws -> Bool {
    let name = Self.shown(url)
    switch try TranscriptChain.check(url) {
    case .intact(let lines): print("\(name): all \(lines) lines are as they were written")
    case .cutOff(let lines):
      let are = lines == 1 ? "1 line is" : "\(lines) lines are"
      print("\(name): \(are) as written; the end is missing, and nothing says how much of it")
      return false
    case .changed(let line):
      print("\(name): line \(line) was changed after it was written")
      return false
    case .dropped(let line):
      print("\(name): lines are missing before line \(line)")
      return false
    case .unmarked:
      print("\(name): its lines carry no digests; it is from before they did")
      return false
    }
    return true
  }

  private func verify(_ url: URL) async throws -> Bool {
    let transcript = try Transcript.read(url)
    if let divergence = try await self.divergence(of: transcript) {
      print(Terminal.view.render(divergence, width: Terminal.width))
      return false
    }
    let task = VisibleText.escaped(transcript.header.task)
    var summary = "\(task): all \(transcript.turns.count) turns are the same"
    if let line = transcript.truncatedLine { summary += "; line \(line) was cut off" }
    if transcript.end == nil { summary += "; the episode was cut off" }
    print(summary)
    return true
  }

  /// The first one.
  private func divergence(of transcript: Transcript) async throws -> Divergence? {
    let progress = ProgressReporter("Verifying", total: transcript.turns.count, unit: "turns")
    let divergence = try await carryOut(transcript) { verifier, source, place in
      try await verifier.verify(from: source, at: place) { _ in progress.advance() }
    }
    progress.finish()
    return divergence
  }

  /// Replays in a scratch folder, which is gone when anything is printed: a reader may end the command there.
  private func carryOut<Value: Sendable>(
    _ transcript: Transcript,
    _ body: @escaping @Sendable (ReplayVerifier, TreeSource, Episode.Place) async throws -> Value
  ) async throws -> Value {
    let verifier = try await replay(of: transcript)
    let source = try source(of: transcript.header)
    let folder = try TemporaryFolder("replay")
    defer { folder.remove() }
    let place = try folder.place(name: "replay")
    return try await cancellingOnInterrupt {
      do {
        return try await body(verifier, source, place)
      } catch {
        // A command that dies of the interruption is no finding about the transcript.
        try Task.checkCancellation()
        throw error
      }
    }
  }

  /// Whether anything was updated. Each divergence is shown before anything is written, and nothing is lost.
  private func updateResults(_ url: URL) async throws -> Bool {
    let name = Self.shown(url)
    let transcript = try Transcript.read(url)
    guard transcript.end != nil, transcript.truncatedLine == nil else {
      throw TranscriptError("\(name): the episode was cut off; only a whole one can be updated")
    }
    let finding = try TranscriptChain.check(url)
    switch finding {
    case .intact, .unmarked: break
    case .changed, .cutOff, .dropped:
      throw TranscriptError(
        "\(name) was edited after it was written (--check), so it isn't updated")
    }
    let kept = url.appendingPathExtension("before-update")
    guard !FileManager.default.fileExists(atPath: kept.path(percentEncoded: false)) else {
      throw TranscriptError(
        "\(Self.shown(kept)) is there from an earlier update; move it away first")
    }
    let digest = sha256Hex(try Data(contentsOf: url))
    let (new, divergences) = try await updated(transcript, digest: digest)
    for divergence in divergences {
      print(Terminal.view.render(divergence, width: Terminal.width))
    }
    guard !divergences.isEmpty || finding == .unmarked else {
      print("\(name): all \(transcript.turns.count) turns are the same; nothing to update")
      return false
    }
    let written = url.appendingPathExtension("updating")
    try? FileManager.default.removeItem(at: written)
    try TranscriptWriter(written).write(new)
    try FileManager.default.copyItem(at: url, to: kept)
    guard rename(written.path(percentEncoded: false), url.path(percentEncoded: false)) == 0 else {
      throw TranscriptError("\(name) can't be replaced: \(String(cString: strerror(errno)))")
    }
    let what =
      divergences.isEmpty
      ? "all turns are the same, its lines carry digests now"
      : "\(counted(divergences.count, "result")) replaced"
    print("\(name): \(what); the earlier file is \(Self.shown(kept))")
    return true
  }

  /// The transcript as it is now, and all that differs from it as it was.
  private func updated(
    _ transcript: Transcript, digest: String
  ) async throws -> (Transcript, [Divergence]) {
    try await carryOut(transcript) { verifier, source, place in
      var divergences: [Divergence] = []
      let updated = try await verifier.updated(from: source, at: place, digest: digest) {
        divergences.append($0)
      }
      return (updated, divergences)
    }
  }

  /// The one that is asked for, or the transcript's own: nothing that others wrote runs without one unasked.
  static func sandbox(_ asked: Sandbox?, of header: TranscriptHeader) throws -> Sandbox {
    if let asked { return asked }
    guard header.environment.sandbox != .none else {
      throw TranscriptError(
        "the transcript of \(header.task) was recorded without a sandbox: give --sandbox bubblewrap, or "
          + "--sandbox none if you trust all that it does")
    }
    return header.environment.sandbox
  }

  /// What carries a transcript out again.
  private func replay(of transcript: Transcript) async throws -> ReplayVerifier {
    var verifier = ReplayVerifier(transcript)
    verifier.environment.sandbox = try Self.sandbox(sandbox, of: transcript.header)
    if let reason = await verifier.environment.sandbox.probe() { throw TranscriptError(reason) }
    return verifier
  }

  /// What the episode began with.
  private func source(of header: TranscriptHeader) throws -> TreeSource {
    if let repo { return .repository(repo, revision: revision) }
    return try task(of: header).assignment.source
  }

  private func task(of header: TranscriptHeader) throws -> RepairTask {
    let name = VisibleText.escaped(header.task)
    guard !header.task.hasPrefix("run/") else {
      throw TranscriptError("\(file) is of a run, \(name); give its repository with --repo")
    }
    let folders = try TaskSet.folders(below: URL(filePath: tasks))
    guard let folder = folders.first(where: { $0.lastPathComponent == header.task }) else {
      throw TranscriptError(
        "\(file): \(tasks) has no task \(name); give its folder with --tasks, or its repository with"
          + " --repo")
    }
    return try RepairTask(directory: folder)
  }
}
