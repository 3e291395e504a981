import Agent
import Foundation
import LanguageModel
import SDPO
import Testing
import Tools

/// A network small enough for tests, with ChatML's special tokens but no template of its own.
struct TinyModel {
  let config: ModelConfig
  let transformer: Transformer
  let tokenizer: Tokenizer
  let chatFormat: ChatFormat

  init() throws {
    let folder = SupervisedDemonstrationTests.fixtures.appending(path: "reference/tiny-llama")
    let files = try ModelFiles.find(folder.path(percentEncoded: false))
    config = files.config
    transformer = try Transformer(files)
    tokenizer = files.tokenizer
    chatFormat = .chatML(
      start: try #require(tokenizer.id(ofSpecial: "<|im_start|>")),
      end: try #require(tokenizer.id(ofSpecial: "<|im_end|>")), defaultSystem: nil)
  }
}

/// Demonstrations of the fixture tasks, through the real episode in the real sandbox.
@Suite struct SupervisedDemonstrationTests {
  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures")

  static func task(_ id: String) throws -> RepairTask {
    try RepairTask(directory: fixtures.appending(path: "tasks/\(id)"))
  }

  /// Runs `body` in a temporary folder of its own.
  static func inFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
  }

  static func maker(
    _ folder: URL, dialect: any Dialect = CompactDialect(),
    selection: DemonstrationMaker.Selection = .all, maxCharacters: Int? = nil
  ) async throws -> DemonstrationMaker {
    let sandbox: Sandbox = await Sandbox.bubblewrap.probe() == nil ? .bubblewrap : .none
    return DemonstrationMaker(
      dialect: dialect, environment: ToolEnvironment(sandbox: sandbox),
      recorder: try Recorder(at: folder.appending(path: "recorder").path(percentEncoded: false)),
      workFolder: folder.appending(path: "work"), seed: 3, selection: selection,
      maxCharacters: maxCharacters)
  }

  @Test(
    arguments: ["mean-of-none", "greet-words", "clamp-high"], ["compact", "hermes"])
  func demonstratesEveryFixture(id: String, dialectName: String) async throws {
    let dialect = try #require(Dialects.named(dialectName))
    let made = try await Self.inFolder { folder in
      try await Self.maker(folder, dialect: dialect).make([try Self.task(id)])
    }
    let demonstrations = try #require(made.first).demonstrations
    let problems = made[0].problems
    for kind in [Demonstration.Kind.straight, .malformed] {
      #expect(demonstrations.contains { $0.kind == kind }, "\(problems)")
    }
    for demonstration in demonstrations {
      check(demonstration, dialect)
    }
    #expect(Set(demonstrations.map(\.hindsight)) == Set(Demonstration.Hindsight.own))
  }

  /// What a demonstration in the compact dialect tries.
  private static func trials(_ demonstration: Demonstration) -> [Trial] {
    demonstration.turns.flatMap { turn in
      (try? CompactDialect().parse(turn.action).get())?.trials ?? []
    }
  }

  private func check(_ demonstration: Demonstration, _ dialect: any Dialect) {
    let calls = demonstration.turns.map { try? dialect.parse($0.action).get() }
    #expect(calls.last == .submit)
    #expect(demonstration.turns.last?.observation == nil)
    #expect(demonstration.turns.dropLast().allSatisfy { $0.observation != nil })
    let untrained = demonstration.turns.indices.filter { !demonstration.turns[$0].isTrained }
    switch demonstration.kind {
    case .straight: #expect(untrained.isEmpty)
    case .mended:
      #expect(!untrained.isEmpty)
      for index in untrained {
        let told = demonstration.turns[index].observation ?? ""
        if calls[index]?.name == "try" {
          // Known when it comes again, whether it was refused or taken back.
          let isKnown = told.hasSuffix("You did this before: try something else.")
          #expect(isKnown == calls[..<index].contains(calls[index]))
          #expect(demonstration.turns[index + 1].isTrained || calls[index + 1]?.name == "try")
          continue
        }
        #expect(calls[index]?.name == "edit")
        guard told.hasPrefix("Edited.") else { continue }
        // Tried once, it is tested; tried again, it is known.
        let isKnown = told.hasSuffix("You did this before: try something else.")
        #expect(isKnown == calls[..<index].contains(calls[index]))
        if !isKnown { #expect(calls[index + 1] == .test) }
        let undo = index + (isKnown ? 1 : 2)
        #expect(calls[undo] == .undo && demonstration.turns[undo].isTrained)
      }
    case .searched:
      #expect(untrained.isEmpty && [.none, .feedback].contains(demonstration.hindsight))
      let tries = calls.indices.filter { calls[$0]?.name == "try" }
      let trials = tries.map { calls[$0]?.trials ?? [] }
      #expect(trials.allSatisfy { (1...6).contains($0.count) })
      #expect(trials.joined().count > 1 && Set(trials.joined()).count == trials.joined().count)
      for index in tries.dropLast() {
        #expect(demonstration.turns[index].observation?.hasSuffix("Taken back.") == true)
      }
    case .corrected: break
    case .malformed:
      #expect(untrained.count == 1)
      #expect(untrained.allSatisfy { calls[$0] == nil && calls[$0 + 1] != nil })
      #expect(calls.count { $0 == nil } == 1)
    }
    let prompt = demonstration.opening.map(\.content).joined()
    let (feedback, solution) = ("Feedback on your earlier attempt", "passes all tests")
    switch demonstration.hindsight {
    case .none: #expect(!prompt.contains(feedback) && !prompt.contains(solution))
    case .feedback, .stray: #expect(prompt.contains(feedback) && !prompt.contains(solution))
    case .solution: #expect(!prompt.contains(feedback) && prompt.contains(solution))
    case .both: #expect(prompt.contains(feedback) && prompt.contains(solution))
    }
  }

  @Test func theSameSeedMakesTheSameAndAFileKeepsThem() async throws {
    try await Self.inFolder { folder in
      let task = try Self.task("greet-words")
      let maker = try await Self.maker(folder)
      let first = try await maker.make([task]).flatMap(\.demonstrations)
      let second = try await maker.make([task]).flatMap(\.demonstrations)
      #expect(first.map(\.opening) == second.map(\.opening))
      #expect(first.map { $0.turns.map(\.action) } == second.map { $0.turns.map(\.action) })

      let cache = DemonstrationCache(file: folder.appending(path: "demonstrations.jsonl"))
      let key = try maker.key(for: [task])
      #expect(cache.read(key: key) == nil)
      try cache.write(first, key: key)
      #expect(cache.read(key: key) == first)
      #expect(cache.read(key: key + "x") == nil)
      #expect(try maker.key(for: [try Self.task("clamp-high")]) != key)
      let drawn = try await Self.maker(folder, selection: .drawn(1)).key(for: [task])
      #expect(drawn != key)
      try Data("{\"task\":1}\n".utf8).write(to: cache.file)
      #expect(throws: DemonstrationError.self) { try Demonstration.read(cache.file) }
    }
  }

  @Test func asManyAreDrawnAsAreWanted() async throws {
    try await Self.inFolder { folder in
      let task = try Self.task("mean-of-none")
      for count in [1, 4] {
        let maker = try await Self.maker(folder, selection: .drawn(count))
        let demonstrations = try await maker.make([task]).flatMap(\.demonstrations)
        #expect((1...count).contains(demonstrations.count))
        #expect(
          Set(demonstrations.map { "\($0.kind) \($0.hindsight) \($0.turns.count)" }).count
            == demonstrations.count)
        for demonstration in demonstrations { check(demonstration, CompactDialect()) }
      }
      let straight = try await Self.maker(folder, selection: .straight).make([task])
      #expect(straight[0].demonstrations.map(\.hindsight) == Demonstration.Hindsight.own)
      #expect(straight[0].demonstrations.allSatisfy { $0.kind == .straight })
      let short = try await Self.maker(folder, maxCharacters: 300).make([task])
      #expect(short[0].demonstrations.isEmpty && short[0].problems[0].contains("too many"))
    }
  }

  /// Of the two tasks, only the second one's visible tests see the bug, so that it can be tried.
  @Test(arguments: [
    ("Tests/Fixtures/tasks/mean-of-none", ["has only", "Edited."]),
    ("tasks/made/ledger-journal-post-comparison", ["Taken back."]),
  ])
  func mistakesAreOfAllKinds(task: String, parts: [String]) async throws {
    let folder = Self.fixtures.appending(path: "../..").standardizedFileURL
    let task = try RepairTask(directory: folder.appending(path: task))
    var told: [String] = []
    for seed in UInt64(1)...5 {
      try await Self.inFolder { folder in
        var maker = try await Self.maker(folder, selection: .drawn(8))
        maker.seed = seed
        let demonstrations = try await maker.make([task])
          .flatMap(\.demonstrations)
        for demonstration in demonstrations { check(demonstration, CompactDialect()) }
        told += demonstrations.flatMap(\.turns).filter { !$0.isTrained }.compactMap(\.observation)
      }
    }
    let everywhere = [
      "Edit refused", "nothing would change", "did this before",
    ]
    for part in everywhere + parts {
      #expect(told.contains { $0.contains(part) }, "\(part)")
    }
  }

  /// Most demonstrations without a solution search through small changes of the kinds that aren't held out.
  @Test func aSearchTriesSmallChangesOfKnownKinds() async throws {
    let folder = Self.fixtures.appending(path: "../..").standardizedFileURL
    let task = try RepairTask(
      directory: folder.appending(path: "tasks/made/ledger-journal-post-comparison"))
    let stands = try String(
      contentsOf: task.environmentDirectory.appending(path: "ledger/journal.py"), encoding: .utf8)
    try await Self.inFolder { folder in
      var maker = try await Self.maker(folder, selection: .drawn(12))
      guard maker.environment.sandbox == .bubblewrap else { return }
      let held = try await maker.make([task]).flatMap(\.demonstrations)
      #expect(!held.contains { $0.kind == .searched })
      maker.searchedKinds = ["swapped-arguments", "negated-condition"]
      let other = try await maker.make([task]).flatMap(\.demonstrations)
      #expect(other.map(\.turns) == held.map(\.turns))
      maker.searchedKinds = ["operator", "swapped-arguments"]
      let made = try await maker.make([task])
      let searched = made[0].demonstrations.filter { $0.kind == .searched }
      #expect(searched.count > 1, "\(made[0].problems)")
      let again = try await maker.make([task]).flatMap(\.demonstrations)
      #expect(again.map(\.turns) == made[0].demonstrations.map(\.turns))
      for demonstration in made[0].demonstrations { check(demonstration, CompactDialect()) }
      for demonstration in searched {
        for line in Self.trials(demonstration).dropLast().flatMap(\.lines) {
          // One sign is another one: nothing else is of a kind that may be used.
          let signs = /[-+*\/%]/
          #expect(
            stands.split(separator: "\n").contains {
              $0 != line && $0.replacing(signs, with: "") == line.replacing(signs, with: "")
            }, "\(line)")
        }
      }
      let plain = try await Self.maker(folder, selection: .drawn(12)).key(for: [task])
      #expect(try maker.key(for: [task]) != plain)
    }
  }

  /// A search goes through the lines downwards, and with feedback only through those that it calls suspect.
  @Test func aSearchGoesThroughTheLines() async throws {
    let folder = Self.fixtures.appending(path: "../..").standardizedFileURL
    let task = try RepairTask(
      directory: folder.appending(path: "tasks/made/ledger-journal-post-comparison"))
    try await Self.inFolder { folder in
      var maker = try await Self.maker(folder, selection: .drawn(24))
      guard maker.environment.sandbox == .bubblewrap else { return }
      maker.searchedKinds = [
        "comparison", "constant", "inverted-if", "operator", "swapped-operands", "wrong-variable",
      ]
      let made = try await maker.make([task])
      let searched = made[0].demonstrations.filter { $0.kind == .searched }
      var begun: Set<Int> = []
      for demonstration in searched {
        let lines = Self.trials(demonstration).compactMap(\.firstLine)
        let right = try #require(lines.last)
        // Begun anywhere, it starts over at the top at most twice before it ends at the bug.
        let descents = zip(lines, lines.dropFirst()).count { $0 > $1 }
        #expect(descents <= 2, "\(lines)")
        if demonstration.hindsight == .feedback {
          let prompt = demonstration.opening.map(\.content).joined(separator: "\n")
          let named = prompt.firstMatch(of: /suspect: (\S+):[0-9]/)
          let path = try #require(named.map { String($0.1) }, "\(prompt)")
          let suspects = try #require(SuspectLines.named(in: prompt, of: path))
          #expect(
            suspects.contains(right) && lines.allSatisfy { suspects.contains($0) }, "\(lines)")
        } else {
          begun.insert(lines[0])
        }
      }
      #expect(begun.count > 1)
      #expect(Set(searched.map(\.hindsight)) == [.none, .feedback], "\(made[0].problems)")
    }
  }

  /// A demonstration can begin with what a policy did: a new try that tests judged and that changes little is
  /// learnt, as is what was right then; with hindsight only the latter.
  @Test func whatAPolicyDidIsCorrected() async throws {
    let folder = Self.fixtures.appending(path: "../..").standardizedFileURL
    let task = try RepairTask(
      directory: folder.appending(path: "tasks/made/ledger-journal-post-comparison"))
    try await Self.inFolder { folder in
      let straight = try await Self.maker(folder, selection: .straight).make([task])
      let view = try #require(straight[0].demonstrations.first?.turns.first?.action)
      let actions = [
        "view journal.py", view, "try\n        if not total:", "undo",
        "try\n        if not total:", "try\n        if total = 0:", "try\n        if total == -0:",
        view,
      ]
      var maker = try await Self.maker(folder, selection: .drawn(8))
      let episode = Episode(
        assignment: task.assignment, limits: EpisodeLimits(turns: 20),
        environment: maker.environment)
      let trajectory = await episode.run(
        ScriptedPolicy(texts: actions + ["submit"]),
        at: Episode.Place(
          recorder: maker.recorder, name: "own",
          workTree: folder.appending(path: "own").path(percentEncoded: false)),
        seed: 1)
      let own = OwnBeginning(trajectory, maxTokens: 2048)
      #expect(OwnBeginning(trajectory, maxTokens: 1) != own)
      var cut = trajectory
      cut.turns[3].action.finish = .length
      var short = trajectory
      short.turns.removeSubrange(3...)
      #expect(
        OwnBeginning(cut, maxTokens: 2048) == OwnBeginning(short, maxTokens: 2048)
          && OwnBeginning(cut, maxTokens: 2048) != own)
      maker.beginnings = [task.id: [own]]
      let made = try await maker.make([task])
      let demonstrations = made[0].demonstrations
      #expect(demonstrations.count > 4, "\(made[0].problems)")
      var lengths: Set<Int> = []
      for demonstration in demonstrations {
        #expect(demonstration.kind == .corrected)
        // Names of packages are made up.
        func known(_ text: String) -> String {
          text.replacing(/\w+\/journal/, with: "ledger/journal")
        }
        let turns = demonstration.turns
        let end = turns.suffix(2).map { known($0.action) }
        #expect(end == ["try\n29|        if total != 0:", "submit"])
        let begin = turns.dropLast(2).map { known($0.action) }
        lengths.insert(begin.count)
        let learnt = turns.dropLast(2).indices.filter { turns[$0].isTrained }
        guard begin != [view] else {
          #expect(learnt == [0])
          continue
        }
        #expect(begin == Array(actions.prefix(begin.count)) && begin.count > 1)
        if demonstration.hindsight == .none {
          #expect(learnt == [1, 6].filter { $0 < begin.count })
        } else if begin.count > 2 {
          #expect(learnt.isEmpty)
        }
        #expect(turns.suffix(2).allSatisfy { $0.isTrained })
      }
      #expect(lengths.count > 2)
      if maker.environment.sandbox == .bubblewrap {
        maker.searchedKinds = ["operator"]
        let longer = try await maker.make([task])[0].demonstrations
        let tries = longer.filter { demonstration in
          #expect(demonstration.kind == .corrected)
          let search = demonstration.turns.filter { turn in
            turn.action.hasPrefix("try") && !actions.contains(turn.action)
          }
          #expect(search.allSatisfy { $0.isTrained })
          let trials = Self.trials(demonstration).filter { $0.firstLine != nil }
          return trials.count > 1 && demonstration.hindsight == .none
        }
        #expect(!tries.isEmpty)
      }
      var other = maker
      other.beginnings = [:]
      let keys = [try other.key(for: [task]), try maker.key(for: [task])]
      #expect(keys[0] != keys[1])
    }
  }

  @Test func aPackageIsRenamedWhereverItsNameStands() {
    let demonstration = Demonstration(
      task: "t", repository: "toolz", kind: .straight, hindsight: .none, dialect: "compact",
      opening: [ChatMessage(role: .user, content: "Files:\ntoolz/core.py\ntests/test_toolz.py")],
      turns: [
        Demonstration.Turn(
          action: "view toolz/core.py", isTrained: true,
          observation: "1|from toolz.a import mytoolz, toolz, cytoolz, toolz2, é_toolz"),
        Demonstration.Turn(action: "submit", isTrained: true, observation: nil),
      ])
    let renamed = demonstration.renamed(from: "toolz", to: "velto")
    #expect(renamed.opening[0].content == "Files:\nvelto/core.py\ntests/test_toolz.py")
    #expect(renamed.turns[0].action == "view velto/core.py")
    #expect(
      renamed.turns[0].observation
        == "1|from velto.a import mytoolz, velto, cytoolz, toolz2, é_toolz")
    #expect(renamed.turns[1] == demonstration.turns[1] && renamed.repository == "toolz")
  }

  @Test func whatAnInterruptedRunMadeIsKept() async throws {
    try await Self.inFolder { folder in
      let cache = DemonstrationCache(file: folder.appending(path: "demonstrations.jsonl"))
      let made = try await Self.maker(folder, selection: .straight)
        .make([try Self.task("greet-words")])
      #expect(try cache.begin(key: "a").isEmpty)
      try cache.append(made[0])
      // Killed while it wrote.
      let part = folder.appending(path: "demonstrations.jsonl.part")
      let whole = try Data(contentsOf: part)
      try (whole + Data("{\"task\":\"ha".utf8)).write(to: part)
      let known = try cache.begin(key: "a")
      #expect(known.mapValues(\.demonstrations) == ["greet-words": made[0].demonstrations])
      #expect(try Data(contentsOf: part) == whole)
      #expect(try cache.begin(key: "b").isEmpty)
    }
  }

  @Test func anothersHindsightTakesItsPlace() async throws {
    let tasks = try ["greet-words", "clamp-high"].map(Self.task)
    let made = try await Self.inFolder { folder in
      try await Self.maker(folder, selection: .straight).make(tasks)
    }
    let (own, other) = (made[0].demonstrations, made[1].demonstrations)
    try #require(own.count == 4 && other.count == 4)
    let mixed = try #require(own[1].told(of: other[1]))
    let (text, theirs) = (mixed.opening[1].content, other[1].opening[1].content)
    #expect(text != own[1].opening[1].content && text.contains("Feedback on your earlier attempt"))
    let call = try #require(theirs.split(separator: "```").dropFirst().first)
    #expect(text.contains(call))
    #expect(text.hasPrefix(tasks[0].instruction.prefix(20)) && text.hasSuffix("then submit."))
    #expect(mixed.turns == own[1].turns)
    #expect(own[0].told(of: other[1]) == nil && own[1].told(of: other[0]) == nil)
  }

  /// A network that always ends its turn at once: what it is fed is what matters here.
  private func speechless(_ model: TinyModel) -> Transformer {
    var config = model.config
    config.tiedHead = false
    config.contextLength = 8192
    let parameters = Parameters(config: config)
    let end = Int(model.chatFormat.endOfTurn)
    for entry in parameters.layout.entries {
      let values = parameters.buffer.base + entry.offset
      if entry.name.contains("norm") || entry.name.contains("embed_tokens") {
        for i in 0..<entry.count { values[i] = 1 }
      } else if entry.name == "lm_head.weight" {
        for i in 0..<config.hiddenSize { values[end * config.hiddenSize + i] = 1 }
      }
    }
    return Transformer(parameters: parameters)
  }

  @Test func tokensAreThoseOfTheEpisode() async throws {
    let model = try TinyModel()
    let task = try Self.task("mean-of-none")
    let trajectory = try await Self.inFolder { folder in
      let maker = try await Self.maker(folder)
      let policy = LocalPolicy(
        engine: Engine(speechless(model)), tokenizer: model.tokenizer,
        chatFormat: model.chatFormat, adapter: nil, sampling: .greedy, name: "speechless")
      let episode = Episode(assignment: task.assignment, environment: maker.environment)
      return await episode.run(
        policy,
        at: Episode.Place(
          recorder: maker.recorder, name: "speechless",
          workTree: folder.appending(path: "tree").path(percentEncoded: false)),
        seed: 1)
    }
    #expect(trajectory.turns.count == 3)
    let demonstration = Demonstration(
      task: task.id, repository: task.repository, kind: .straight, hindsight: .none,
      dialect: "compact", opening: trajectory.opening,
      turns: trajectory.turns.map {
        Demonstration.Turn(action: $0.text, isTrained: true, observation: $0.observation)
      })
    let example = demonstration.example(
      tokenizer: model.tokenizer, chatFormat: model.chatFormat)
    #expect(example.student == trajectory.allTokens)
    let mask = trajectory.actionMask
    #expect(example.studentActions == mask.indices.filter { mask[$0] })
    #expect(example.rows.map(\.token) == example.studentActions.map { example.student[$0] })
  }

  /// A tiny network with an adapter, and room for an episode.
  private static func localPolicy() throws -> (LocalPolicy, LoRAParameters) {
    let model = try TinyModel()
    var config = model.config
    config.contextLength = 8192
    let parameters = Parameters(config: config)
    parameters.buffer.copy(from: model.transformer.parameters.buffer)
    let adapter = LoRAParameters(config: LoRAConfig(rank: 4, alpha: 8), model: config)
    adapter.initialize(seed: 1)
    let policy = LocalPolicy(
      engine: Engine(Transformer(parameters: parameters)), tokenizer: model.tokenizer,
      chatFormat: model.chatFormat,
      adapter: adapter, sampling: SamplingParameters(), name: "tiny")
    return (policy, adapter)
  }

  @Test func aLocalPolicyForgetsAndPaysForIt() async throws {
    let policy = try Self.localPolicy().0
    let opening = [ChatMessage(role: .user, content: "Mend it.")]
    func session(_ tokens: Int) async throws -> any PolicySession {
      try await policy.session(seed: 1, limits: SessionLimits(contextTokens: tokens))
    }
    let free = try await session(8192)
    let first = try await free.act(opening, maxTokens: 8)
    _ = try await free.act([ChatMessage(role: .user, content: "More.")], maxTokens: 8)
    await free.forget(seed: 1)
    // With the seed and the messages of the beginning, it is the beginning.
    #expect(try await free.act(opening, maxTokens: 8) == first)

    let spent = first.contextTokens.count + first.actionTokens.count
    let bound = try await session(2 * spent - 3)
    #expect(try await bound.act(opening, maxTokens: 8) == first)
    await bound.forget(seed: 1)
    let cut = try await bound.act(opening, maxTokens: 8)
    #expect(cut.actionTokens == first.actionTokens.dropLast(3) && cut.finish == .contextFull)
  }

  /// What hindsight says of an attempt is learnt: the student comes nearer to the teacher that was told.
  @Test(arguments: [nil, 1]) func anAttemptIsLearntFrom(resetAfter: Int?) async throws {
    let task = try Self.task("mean-of-none")
    let (policy, adapter) = try Self.localPolicy()
    try await Self.inFolder { folder in
      let maker = try await Self.maker(folder)
      let episode = Episode(
        assignment: task.assignment,
        limits: EpisodeLimits(turns: 2, actionTokens: 8, resetAfter: resetAfter),
        environment: maker.environment)
      let trajectory = await episode.run(
        policy,
        at: Episode.Place(
          recorder: maker.recorder, name: "attempt",
          workTree: folder.appending(path: "tree").path(percentEncoded: false)),
        seed: 1)
      #expect(trajectory.contexts.count == (resetAfter == nil ? 1 : 2))
      let adaptation = Adaptation(
        policy, adapter: adapter, dialect: CompactDialect(), tools: ToolName.allCases)
      let first = try await adaptation.learn(from: trajectory, feedback: "expected 1, got 2")
      let second = try await adaptation.learn(from: trajectory, feedback: "expected 1, got 2")
      #expect(first.before > 0 && first.after < first.before, "\(first)")
      #expect(second.before < first.before && second.after < first.after, "\(second)")
      await #expect(throws: TrainingError.self) {
        try await adaptation.learn(from: trajectory, feedback: " ")
      }
      let approval = try await Credit.approval(
        of: trajectory, feedback: "expected 1, got 2", policy: policy, dialect: CompactDialect(),
        tools: ToolName.allCases)
      #expect(approval.isFinite && approval != 0)
    }
  }

  /// What isn't to the point changes nothing of what is done.
  @Test func halfOfTheUntoldAreToldOfSomethingElse() throws {
    let dialect = CompactDialect()
    func demonstration(_ number: Int, _ repository: String, feedback: String?) throws
      -> Demonstration
    {
      let hint = try feedback.map { feedback in
        let member = GroupMember(
          taskID: "t", trajectoryIndex: 0, solved: false, diff: "", feedback: feedback)
        return try #require(HindsightContext.build(for: 0, in: [member], seed: 1)).text
      }
      return Demonstration(
        task: "\(repository)-\(number)", repository: repository, kind: .straight,
        hindsight: feedback == nil ? .none : .feedback, dialect: "compact",
        opening: dialect.openingMessages(
          instruction: "Mend \(number).", files: ["f.py"], testCommand: "true", hindsight: hint),
        turns: [Demonstration.Turn(action: "submit", isTrained: true, observation: nil)])
    }
    let untold = try (0..<60).map { try demonstration($0, "a", feedback: nil) }
    let told =
      [try demonstration(60, "a", feedback: "OWN-FAILURE")]
      + (try (0..<3).map { try demonstration($0, "b", feedback: "STRAY-FAILURE-\($0)") })
    let all = (untold + told).withStrayFeedback(seed: 4)
    #expect(all == (untold + told).withStrayFeedback(seed: 4))
    #expect(all != (untold + told).withStrayFeedback(seed: 5))
    #expect(Array(all.suffix(4)) == told)
    let strays = zip(all, untold).filter { $0.0 != $0.1 }
    #expect((20...40).contains(strays.count), "\(strays.count)")
    var quoted: Set<Substring> = []
    for (stray, before) in strays {
      #expect(stray.hindsight == .stray && stray.turns == before.turns)
      let message = stray.opening[1].content
      let found = try #require(message.firstMatch(of: /STRAY-FAILURE-\d/)).output
      quoted.insert(found)
      #expect(!message.contains("OWN"))
      // As if it had been told when the messages were made.
      let number = try #require(before.task.split(separator: "-").last.flatMap { Int($0) })
      let whole = try demonstration(number, "a", feedback: String(found))
      #expect(stray.opening == whole.opening)
    }
    #expect(quoted.count == 3)
    // With nobody to tell of, nothing is told.
    let alone = untold + [told[0]]
    #expect(alone.withStrayFeedback(seed: 4) == alone)
  }

  @Test func mistakesAreContextOnly() throws {
    let model = try TinyModel()
    func demonstration(_ isTrained: Bool) -> TrainingExample {
      Demonstration(
        task: "t", repository: "r", kind: .malformed, hindsight: .none, dialect: "compact",
        opening: [ChatMessage(role: .user, content: "mend <|im_end|> it")],
        turns: [
          Demonstration.Turn(action: "oops", isTrained: isTrained, observation: "error"),
          Demonstration.Turn(action: "submit", isTrained: true, observation: nil),
        ]
      ).example(tokenizer: model.tokenizer, chatFormat: model.chatFormat)
    }
    let (with, without) = (demonstration(true), demonstration(false))
    #expect(with.student == without.student)
    let count = model.tokenizer.encode("oops").count + 1
    #expect(Array(with.studentActions.dropFirst(count)) == without.studentActions)
    // Text never yields a special token: one end-of-turn for each message.
    #expect(with.student.count { $0 == model.chatFormat.endOfTurn } >= 4)
    #expect(with.student.last == model.chatFormat.endOfTurn)
  }
}
