internal import Agent
internal import ArgumentParser
internal import Foundation
internal import LanguageModel
internal import SDPO
internal import Tools

struct SFTCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sft",
    abstract: "Warm a model up on demonstrations made from the tasks' solutions.",
    discussion: """
      An oracle that knows the solution works through each task in the real sandbox: it looks, tests, \
      edits, tests and submits; it also mends a wrong first edit, or a malformed call, and does it \
      all with hindsight in its prompt, as the teacher of `hindsight train` reads it. Half of those without \
      are told of a failure in another repository, which changes nothing. The model learns the right \
      actions. With --per-task, many demonstrations without hindsight are searches, which \
      it learns as well: small changes of the kinds of bugs that the tasks were made with, tried one \
      after the other.

        hindsight sft --output runs/sft
        hindsight sft --demonstrations-only --view --output runs/sft
      """)

  @Option(help: "A GGUF file or a Hugging Face folder.")
  var model = defaultModel

  @Option(help: "An adapter to start from (a PEFT folder); its rank, alpha and targets are kept.")
  var adapter: String?

  @Option(help: "The folder of tasks.")
  var tasks = "tasks"

  @Option(help: "The split to train on; the other one's demonstrations only measure the loss.")
  var split = RepairTask.Split.train

  @Argument(help: "Only the tasks with these ids.")
  var ids: [String] = []

  @Option(
    name: .customLong("bug"), parsing: .upToNextOption,
    help: "Only tasks with these kinds of bug, several, as `hindsight tasks list` names them.")
  var bugs: [String] = []

  @Option(help: "Where everything goes: demonstrations, metrics, adapter/ and epochs/.")
  var output = "runs/sft"

  @Option(help: "Passes over the tasks.")
  var epochs = 3

  @Option(
    help: """
      Demonstrations of a task in each epoch; later epochs take others. All, if not given; with --rollouts one.
      """)
  var perTask: Int?

  @Option(help: "Demonstrations of one update.")
  var batch = 8

  @Option(help: "The learning rate's peak. [default: 5e-4, with --full 2e-5]")
  var learningRate: Float?

  @Option(help: "The adapter's rank.")
  var rank = 8

  @Option(help: "The adapter's alpha. [default: twice the rank]")
  var alpha: Float?

  @Option(help: "The adapted layers, as in q_proj,v_proj. [default: all]")
  var targets: String?

  @Flag(help: "Train all parameters, no adapter.")
  var full = false

  @Option(
    help: ArgumentHelp(
      """
      Demonstrate what was right after beginnings, drawn at random, of a policy's own rollouts: a folder of \
      transcripts, as in runs/eval/transcripts. Other tasks are left out. Without hindsight, what the policy viewed \
      for the first time, and small changes that it tried first, are learnt, too.
      """, valueName: "folder"))
  var rollouts: String?

  @Option(help: "The dialect of actions: \(Dialects.complete.joined(separator: ", ")).")
  var dialect = "compact"

  @Option(help: "How much of the tests' feedback a hint quotes: full or tight(characters).")
  var feedback = "full"

  @Option(help: "Leave demonstrations out that have more tokens than this.")
  var maxTokens = 2048

  @Option(help: "Demonstrations of the other split that measure the loss, a dozen times in a run.")
  var heldOut = 16

  @OptionGroup var memory: MemoryOption

  @Flag(help: "Compute activations twice: slower, a sixth of the activations.")
  var recompute = false

  @Option(help: "The seed of everything.")
  var seed: UInt64 = 1

  @Option(help: "Where actions run: bubblewrap or none.")
  var sandbox = Sandbox.bubblewrap

  @Option(help: "Tasks demonstrated at a time.")
  var jobs = 2

  @OptionGroup var precision: PrecisionOption

  @Flag(help: "Make the demonstrations and stop; no model is needed.")
  var demonstrationsOnly = false

  @Flag(help: "Print the demonstrations as people read them.")
  var view = false

  func validate() throws {
    guard Dialects.complete.contains(dialect) else {
      throw ValidationError(
        "--dialect must be one of \(Dialects.complete.joined(separator: ", ")).")
    }
    guard (1...64).contains(jobs) else { throw ValidationError("--jobs must be from 1 to 64.") }
    if let problem = firstOutside(LoRAConfig.ranks, [("--rank", rank)]) {
      throw ValidationError("\(problem).")
    }
    guard maxTokens >= 1 else { throw ValidationError("--max-tokens must be at least 1.") }
    guard (1...10_000).contains(perTask ?? 1), (1...10_000).contains(epochs) else {
      throw ValidationError("--per-task and --epochs must be from 1 to 10000.")
    }
    guard heldOut >= 0 else { throw ValidationError("--held-out must not be negative.") }
    if rollouts != nil, sandbox == .none {
      throw ValidationError(
        "--rollouts carries out what a model wrote: that needs --sandbox bubblewrap.")
    }
    if full, adapter != nil { throw ValidationError("--full trains no adapter: drop --adapter.") }
    if let alpha, !(alpha > 0 && alpha.isFinite) {
      throw ValidationError("--alpha must be positive.")
    }
    if let problem = supervised(microBatchTokens: 2048).problem {
      throw ValidationError("\(problem).")
    }
    _ = try linearKinds()
    do throws(SignalError) { _ = try FeedbackForm(parsing: feedback) } catch {
      throw ValidationError("--feedback: \(error.description).")
    }
  }

  func run() async throws {
    if let reason = await sandbox.probe() { throw TaskError(reason) }
    let command = self
    do {
      try await cancellingOnInterrupt { try await command.work() }
    } catch is CancellationError {
      print("stopped; the same command starts again, with the demonstrations \(output) has by now")
      throw ExitCode(130)
    }
  }

  /// Of opening, view and edit. They have more than two, but paths, observations, a mistake and a hint
  /// need room as well.
  private static let charactersPerToken = 1.4

  var folder: URL { URL(filePath: output) }

  /// Demonstrations of a task in each epoch; nil for all.
  private var drawn: Int? { perTask ?? (rollouts == nil ? nil : 1) }

  func supervised(microBatchTokens: Int) -> SupervisedConfiguration {
    SupervisedConfiguration(
      epochs: epochs, batch: batch, perTask: drawn,
      optimizer: AdamWConfig(learningRate: learningRate ?? (full ? 2e-5 : 5e-4)), seed: seed,
      microBatchTokens: microBatchTokens, recompute: recompute)
  }

  func linearKinds() throws -> [LinearKind] {
    guard let targets else { return LinearKind.allCases }
    guard targets.contains(where: { $0 != "," }) else {
      throw ValidationError("--targets names no layer.")
    }
    return try targets.split(separator: ",").map { name in
      guard let kind = LinearKind(rawValue: name.trimmingCharacters(in: .whitespaces)) else {
        let known = LinearKind.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--targets: \"\(name)\" is none of \(known).")
      }
      return kind
    }
  }

  private func work() async throws {
    // What can't work is said before the demonstrations take their time.
    let run = SFTRun(command: self)
    if !demonstrationsOnly { try run.check() }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let set = try TaskSet.load(URL(filePath: tasks))
    let tasks = try set.filtered(split: split, ids: ids).tasks
      .filter { bugs.isEmpty || bugs.contains($0.bug) }
    guard !tasks.isEmpty else {
      throw TaskError(
        "no task of \(split.rawValue) has a bug of kind \(bugs.joined(separator: ", "))")
    }
    let beginnings = try beginnings(of: tasks)
    let training = try await demonstrations(
      rollouts == nil ? tasks : tasks.filter { beginnings[$0.id] != nil }, beginnings,
      drawn.map { .drawn($0 * epochs) } ?? .all,
      searchedKinds: Set(tasks.filter { $0.origin != nil }.map(\.bug)),
      file: "demonstrations.jsonl")
    if view {
      for demonstration in training { print(demonstration.readable + "\n") }
    }
    guard !demonstrationsOnly else { return }
    var random = SplitMix64(seeds: seed, 0x6865_6C64)
    // Some of them are too long.
    let other = set.tasks.filter { $0.split != split }.shuffled(using: &random).prefix(heldOut)
    let measured =
      other.isEmpty
      ? [] : try await demonstrations(Array(other), [:], .straight, file: "measured.jsonl")
    try await run.train(training, heldOut: measured)
  }

  /// What was done at the tasks in ``rollouts``, as far as it fits.
  private func beginnings(of tasks: [RepairTask]) throws -> [String: [OwnBeginning]] {
    guard let rollouts else { return [:] }
    let known = Set(tasks.map(\.id))
    var beginnings: [String: [OwnBeginning]] = [:]
    for file in try TranscriptFiles(rollouts).all {
      let transcript = try Transcript.read(file)
      guard known.contains(transcript.header.task) else { continue }
      guard transcript.header.dialect == dialect else {
        throw TranscriptError(
          "\(file.path(percentEncoded: false)) is of dialect \(transcript.header.dialect), "
            + "expected \(dialect)")
      }
      beginnings[transcript.header.task, default: []].append(
        OwnBeginning(transcript.trajectory, maxTokens: maxTokens))
    }
    guard !beginnings.isEmpty else {
      throw TranscriptError(
        "\(rollouts) holds no rollout of a task of \(self.tasks) that is trained on")
    }
    return beginnings
  }

  /// As in training, but for tests that a wrong edit makes run forever.
  private static func environment(_ sandbox: Sandbox) -> ToolEnvironment {
    var testLimits = RolloutSetup.toolLimits
    testLimits.cpuSeconds = 5
    return ToolEnvironment(
      sandbox: sandbox, limits: RolloutSetup.toolLimits, testLimits: testLimits)
  }

  /// The tasks' demonstrations: from the output folder if they're there, else newly made.
  private func demonstrations(
    _ tasks: [RepairTask], _ beginnings: [String: [OwnBeginning]],
    _ selection: DemonstrationMaker.Selection, searchedKinds: Set<String> = [], file: String
  ) async throws -> [Demonstration] {
    let split = tasks.first?.split ?? self.split
    let work = try TemporaryFolder("sft")
    defer { work.remove() }
    let maker = DemonstrationMaker(
      dialect: Dialects.named(dialect) ?? CompactDialect(),
      environment: Self.environment(sandbox),
      recorder: try Recorder(at: work.path("recorder.git")),
      workFolder: work.url.appending(path: "work"), seed: seed,
      hindsight: HindsightConfiguration(feedbackForm: try FeedbackForm(parsing: feedback)),
      selection: selection, maxCharacters: Int(Double(maxTokens) * Self.charactersPerToken),
      beginnings: beginnings, searchedKinds: searchedKinds)
    let cache = DemonstrationCache(file: folder.appending(path: file))
    let key = try maker.key(for: tasks)
    if let all = cache.read(key: key) {
      print("\(all.count) demonstrations of \(split.rawValue) tasks from \(output)/\(file)")
      return all
    }
    var known = try cache.begin(key: key)
    let missing = tasks.filter { known[$0.id] == nil }
    let progress = ProgressReporter(
      "Demonstrating \(split.rawValue)", total: missing.count, unit: "tasks")
    let made = try await maker.make(missing, jobs: jobs) { made in
      if view { for problem in made.problems { progress.line("left out: \(problem)") } }
      try cache.append(made)
      progress.advance()
    }
    progress.finish()
    for made in made { known[made.task] = made }
    var all = tasks.flatMap { known[$0.id]?.demonstrations ?? [] }
    // Those of the other split measure what each hint is worth.
    if selection != .straight { all = all.withStrayFeedback(seed: seed) }
    guard !all.isEmpty || selection == .straight else {
      throw TaskError("no task in \(self.tasks) gave a demonstration")
    }
    try cache.write(all, key: key)
    let kinds = Demonstration.Kind.allCases.compactMap { kind in
      let count = all.count { $0.kind == kind }
      return count > 0 ? "\(count) \(kind.rawValue)" : nil
    }
    print(
      "\(all.count) demonstrations of \(Set(all.map(\.task)).count) of \(tasks.count) "
        + "\(split.rawValue) tasks: \(kinds.joined(separator: ", ")); in \(output)/\(file)")
    return all
  }
}
