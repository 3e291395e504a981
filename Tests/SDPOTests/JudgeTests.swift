import Agent
import Foundation
import LanguageModel
import SDPO
import Synchronization
import Testing
import Tools

@Suite struct JudgeTests {
  private static let trajectory = Trajectory(
    taskID: "t", sample: 0, seed: 1, dialect: "compact", opening: [], stopReason: .submitted,
    finalDiff: Array("diff --git a/x.sh b/x.sh\n-echo one\n+echo two\n".utf8))
  private static let grade = Grade(
    reward: 0, resolved: false, feedback: "FAIL greets\n  expected: three\n  got: two")

  private func verdict(_ judge: Judge) async throws -> Judge.Verdict {
    try await judge.critique(
      Self.trajectory, instruction: "Mend x.sh.", grade: Self.grade, seed: 1)
  }

  private func judge(
    _ text: String, _ finish: PolicyTurn.Finish = .stop
  ) -> Judge {
    Judge(policy: ScriptedPolicy { _, _ in PolicyTurn(text: text, finish: finish) })
  }

  private static let long =
    "The script prints two. " + String(repeating: "It should print three, ", count: 20)

  @Test(arguments: [
    ("x.sh prints two, not three.", PolicyTurn.Finish.stop, "x.sh prints two, not three."),
    ("  Critique: print\n three.\r\n", .stop, "print three."),
    ("\u{1B}[31mPrint\u{1B}[0m \u{7}three.", .stop, "Print three."),
    ("```\nPrint three.\n```", .stop, "Print three."),
    ("Change x.sh to print three. Then the te", .length, "Change x.sh to print three."),
    ("Change x.sh to print thr", .length, "Change x.sh to print thr…"),
    (long, .stop, "The script prints two."),
  ])
  func cleaned(text: String, finish: PolicyTurn.Finish, expected: String) async throws {
    #expect(try await verdict(judge(text, finish)) == .critique(expected))
  }

  @Test func boundedWithoutASentence() async throws {
    let found = try await verdict(judge(String(repeating: "word ", count: 2_000)))
    guard case .critique(let text) = found else {
      Issue.record("\(found)")
      return
    }
    #expect(text.count <= FailureDigest.fieldLimit - "critique: ".count)
    #expect(text.hasSuffix("…"))
  }

  @Test func whatGoesWrongIsAResult() async throws {
    #expect(try await verdict(judge(" \n\t")) == .failed("the judge said nothing"))
    let silent = Judge(policy: ScriptedPolicy(texts: []))
    #expect(
      try await verdict(silent)
        == .failed("the script ended after 0 replies without a submit"))
    var slow = Judge(
      policy: ScriptedPolicy { _, _ in
        try await Task.sleep(for: .seconds(60))
        return PolicyTurn(text: "late", finish: .stop)
      })
    slow.seconds = 0.05
    let start = ContinuousClock.now
    #expect(try await verdict(slow) == .failed("the judge gave no answer within 0.05 s"))
    #expect(ContinuousClock.now - start < .seconds(10))
  }

  @Test func cancellingIsNoFailure() async throws {
    let slow = Judge(
      policy: ScriptedPolicy { _, _ in
        try await Task.sleep(for: .seconds(60))
        return PolicyTurn(text: "late", finish: .stop)
      })
    let task = Task { try await verdict(slow) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func thePromptIsBounded() async throws {
    let messages = Mutex<[ChatMessage]>([])
    let judge = Judge(
      policy: ScriptedPolicy { _, asked in
        messages.withLock { $0 = asked }
        return PolicyTurn(text: "Yes.", finish: .stop)
      })
    var trajectory = Self.trajectory
    trajectory.finalDiff = Array(String(repeating: "+\u{1B}[1mline\n", count: 100_000).utf8)
    var grade = Self.grade
    grade.feedback = String(repeating: "got: x\n", count: 100_000)
    _ = try await judge.critique(
      trajectory, instruction: String(repeating: "Mend it. ", count: 100_000), grade: grade, seed: 1
    )
    let asked = messages.withLock { $0 }
    #expect(asked.map(\.role) == [.system, .user])
    #expect(asked.reduce(0) { $0 + $1.content.count } < 4_000)
    #expect(!asked[1].content.contains("\u{1B}"))
    #expect(asked[1].content.hasSuffix("what should be changed where?"))
  }

  // MARK: In rollouts

  private static let hiddenSecret = "# The hidden harness: zebra-quagga"
  private static let hidden = """
    \(hiddenSecret)
    got=$(sh greet.sh)
    if [ "$got" = "hello" ]; then echo "ok 1 - greets"; else
      printf '# got:\\n# %s\\n# expected:\\n# hello\\n' "$got"
      echo "not ok 1 - greets"
    fi
    echo 1..1

    """

  private func rollouts(
    in folder: URL, judge: Judge?, mends: Bool = false
  ) async throws -> [Rollout] {
    let task = try ScriptTask.make(
      "greets", in: folder, failToPass: "greets", hidden: Self.hidden,
      files: ["greet.sh": "echo hullo\n"], instruction: "greet.sh should print hello.\n")
    let solution = folder.appending(path: "greets/solution")
    try FileManager.default.createDirectory(at: solution, withIntermediateDirectories: true)
    try Data("the reference patch: okapi\n".utf8).write(to: solution.appending(path: "fix.patch"))
    let dialect = CompactDialect()
    let edit = ToolCall.edit(path: "greet.sh", old: "hullo", new: mends ? "hello" : "hallo")
    let policy = ScriptedPolicy(texts: [dialect.render(edit), dialect.render(.submit)])
    var rollouts = Rollouts(
      policy: policy, dialect: dialect, tools: ToolName.allCases, limits: EpisodeLimits(),
      environment: ToolEnvironment(sandbox: .none), grader: Grader(sandbox: .none),
      recorder: try Recorder(at: folder.appending(path: "recorder").path(percentEncoded: false)),
      workFolder: folder.appending(path: "work"),
      transcripts: folder.appending(path: "transcripts"), concurrency: 1)
    rollouts.judge = judge
    return try await rollouts.run([task], samples: 1, label: "test", seed: 1, step: 0)[0]
  }

  private func withFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-judge-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
  }

  @Test func aCritiqueIsFeedbackLikeAnyOther() async throws {
    try await withFolder { folder in
      let asked = Mutex<String>("")
      let judge = Judge(
        policy: ScriptedPolicy { _, messages in
          asked.withLock { $0 = messages.map(\.content).joined(separator: "\n") }
          return PolicyTurn(text: "Print hello in greet.sh.", finish: .stop)
        })
      let rollout = try #require(try await rollouts(in: folder, judge: judge).first)
      #expect(rollout.judging == .answered)
      #expect(rollout.grade.critique == "Print hello in greet.sh.")
      // It is told the task, the change and the digest, and nothing that only the grader knows.
      let prompt = asked.withLock { $0 }
      for told in ["greet.sh should print hello", "+echo hallo", "expected: hello"] {
        #expect(prompt.contains(told), "\(prompt)")
      }
      for secret in ["zebra", "okapi", "got=$("] { #expect(!prompt.contains(secret)) }
      // The transcript keeps it, and the teacher's context quotes it below the digest.
      let file = folder.appending(path: "transcripts/test/greets-0.jsonl")
      #expect(try Transcript.read(file).end?.grade?.critique == rollout.grade.critique)
      let tight = rollout.grade.feedback(.tight(characters: 160), limit: 2_000)
      #expect(tight == "expected: hello\ngot: hallo\ncritique: Print hello in greet.sh.")
      let full = rollout.grade.feedback(.full, limit: 2_000)
      #expect(full.hasPrefix("1 of 1 tests fail.\nFAIL greets\n"))
      #expect(full.hasSuffix("\ncritique: Print hello in greet.sh."))
      let short = rollout.grade.feedback(.full, limit: 60)
      #expect(short.count <= 60 && short.hasSuffix("critique: Print hello in greet.sh."))
    }
  }

  @Test func aJudgeThatFailsIsCountedAndChangesNothing() async throws {
    try await withFolder { folder in
      let alone = try #require(
        try await rollouts(in: folder.appending(path: "a"), judge: nil).first)
      let judge = Judge(policy: ScriptedPolicy(texts: []))
      let judged = try #require(
        try await rollouts(in: folder.appending(path: "b"), judge: judge).first)
      #expect(alone.judging == .notAsked)
      #expect(judged.judging == .failed("the script ended after 0 replies without a submit"))
      #expect(judged.counts && judged.grade.critique == nil)
      #expect(judged.grade.feedback == alone.grade.feedback)
      #expect(judged.grade.reward == alone.grade.reward)
      let report = EvaluationReport(
        tasks: [("greets", "train")], groups: [[judged]], ks: [1], seed: 1)
      #expect(report.judged == 1 && report.judgeFailures == 1)
      var step = StepAccumulator()
      step.add(
        TrajectoryMetrics(
          actionTokens: 0, turns: 1, calls: 1, malformedCalls: 0, repeatedCalls: 0, reward: 0,
          solved: false, hasHindsight: true, judging: judged.judging))
      #expect(step.values["judge/asked"] == 1 && step.values["judge/failures"] == 1)
    }
  }

  @Test func aSolvedTrajectoryIsNotJudged() async throws {
    try await withFolder { folder in
      let judge = Judge(policy: ScriptedPolicy(texts: ["Well done."]))
      let rollout = try #require(try await rollouts(in: folder, judge: judge, mends: true).first)
      #expect(rollout.grade.resolved)
      #expect(rollout.judging == .notAsked && rollout.grade.critique == nil)
    }
  }

  private static let model =
    ProcessInfo.processInfo.environment["HINDSIGHT_MODEL"]
    ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "models/SmolLM2-135M-Instruct.Q4_1.gguf").path

  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: model),
      "needs models/SmolLM2-135M-Instruct.Q4_1.gguf (or HINDSIGHT_MODEL)"))
  func aRealModelJudges() async throws {
    try await withFolder { folder in
      let model = try LoadedModel.load(Self.model, precision: .fp32)
      let policy = LocalPolicy(
        engine: Engine(model.transformer), tokenizer: model.tokenizer,
        chatFormat: model.chatFormat, adapter: nil, sampling: .greedy, name: model.name)
      let rollout = try #require(
        try await rollouts(in: folder, judge: Judge(policy: policy)).first)
      #expect(rollout.judging == .answered)
      let critique = try #require(rollout.grade.critique)
      #expect(critique.count >= 10 && critique.count <= FailureDigest.fieldLimit)
      #expect(!critique.contains { $0.isNewline } && !critique.contains("<|"))
      let context = HindsightContext.build(
        for: 0,
        in: [
          GroupMember(
            taskID: "greets", trajectoryIndex: 0, solved: false, diff: "",
            feedback: rollout.grade.feedback(.full, limit: 2_000))
        ], seed: 1)
      #expect(context?.text.contains("critique: " + critique) == true)
    }
  }

  @Test(arguments: [
    ("full", FeedbackForm.full), ("tight", .tight(characters: 160)),
    ("tight(80)", .tight(characters: 80)),
  ])
  func formsAreRead(text: String, form: FeedbackForm) throws {
    #expect(try FeedbackForm(parsing: text) == form)
    let coded = try JSONEncoder().encode([form])
    #expect(try JSONDecoder().decode([FeedbackForm].self, from: coded) == [form])
  }

  @Test(arguments: ["", "short", "tight(x)", "tight(20)", "tight(9000)", "tight(80.5)", "full(1)"])
  func otherFormsAreRefused(text: String) {
    #expect(throws: SignalError.self) { try FeedbackForm(parsing: text) }
  }
}
