import Agent
import Foundation
import LanguageModel
import Testing
import Tools

@Suite struct ReplayTests {
  private let folder: EpisodeFolder

  init() throws { folder = try EpisodeFolder() }

  /// An episode with every kind of turn, saved.
  private func record() async throws -> Transcript {
    let calls: [ToolCall] = [
      .view(path: "stats/average.py", firstLine: 1, lastLine: 5), Episodes.mend, .test,
      .shell(command: "exit 3"), .create(path: "notes/a b.txt", contents: "\r\n\u{1b}é"),
      .shell(command: "mktemp -d; date --iso-8601=ns; python3 -c 'print(object())'"),
    ]
    let writer = TranscriptWriter(folder.transcript)
    let trajectory = try await Episodes.onFixture { $0.agentRepository = true }.run(
      ScriptedPolicy(texts: Episodes.texts(calls) + ["gibberish", "submit"]),
      at: folder.place(), seed: 1, observers: [writer])
    #expect(trajectory.stopReason == .submitted)
    try writer.finish(TranscriptEnd(trajectory))
    return try Transcript.read(folder.transcript)
  }

  private func verify(_ transcript: Transcript) async throws -> Divergence? {
    let source = try TaskFixtures.task("mean-of-none").assignment.source
    return try await ReplayVerifier(transcript)
      .verify(from: source, at: folder.place("replay-\(UUID().uuidString)"))
  }

  @Test func anUntouchedTranscriptVerifies() async throws {
    let transcript = try await record()
    #expect(try await verify(transcript) == nil)
    var cut = transcript
    cut.end = nil
    cut.turns.removeLast(3)
    #expect(try await verify(cut) == nil)
  }

  @Test func tamperingIsFound() async throws {
    let transcript = try await record()
    typealias Change = (inout Transcript) -> Void
    let cases: [(Int, Divergence.Kind, Change)] = [
      (1, .output, { $0.turns[0].result?.text += "\nmore" }),
      (2, .action, { $0.turns[1].action.text = "submit" }),
      (2, .action, { $0.turns[1].action.text = "gibberish" }),
      (2, .action, { $0.turns[1].call = .test }),
      (3, .exitCode, { $0.turns[2].result?.exitCode = 1 }),
      (4, .exitCode, { $0.turns[3].result?.exitCode = nil }),
      (5, .tree, { $0.turns[4].snapshot = $0.turns[0].snapshot }),
      (7, .tree, { $0.turns[6].snapshot = $0.turns[0].snapshot }),
      (0, .finalDiff, { $0.end?.finalDiff.append(0x0A) }),
      (
        2, .tree,
        {
          let other = ToolCall.edit(
            path: "stats/average.py", old: "result = 0\n", new: "result = 1\n")
          $0.turns[1].call = other
          $0.turns[1].action.text = CompactDialect().render(other)
          $0.turns[1].result?.text = "?"
        }
      ),
    ]
    for (index, (turn, kind, change)) in cases.enumerated() {
      var tampered = transcript
      change(&tampered)
      let divergence = try #require(try await verify(tampered), "case \(index)")
      #expect(divergence.turn == turn, "case \(index)")
      // A changed edit shows in its output before it shows in the tree.
      #expect(divergence.kind == kind || divergence.kind == .output, "case \(index)")
      #expect(divergence.recorded != divergence.replayed)
    }
  }

  @Test func anUpdateReplacesWhatDiffersAndNothingElse() async throws {
    let transcript = try await record()
    var changed = transcript
    changed.turns[0].result?.text = "another output"
    changed.turns[0].observation = "another output"
    changed.turns[2].result?.exitCode = 9
    changed.turns[4].snapshot = transcript.turns[0].snapshot
    changed.end?.finalDiff.append(0x0A)
    changed.end?.protectedPathsTouched = ["stale"]
    changed.end?.grade = Grade.dropped("none")
    let source = try TaskFixtures.task("mean-of-none").assignment.source
    var seen: [(Int, Divergence.Kind)] = []
    let updated = try await ReplayVerifier(changed).updated(
      from: source, at: folder.place("update"), digest: "d"
    ) { seen.append(($0.turn, $0.kind)) }
    #expect(seen.map(\.0) == [1, 3, 5, 0])
    #expect(seen.map(\.1) == [.output, .exitCode, .tree, .finalDiff])
    #expect(updated.header.updatedFrom == "d")
    #expect(updated.turns[0].observation == transcript.turns[0].observation)
    for index in [0, 2, 4] {
      #expect(updated.turns[index].result?.exitCode == transcript.turns[index].result?.exitCode)
      #expect(updated.turns[index].snapshot.tree == transcript.turns[index].snapshot.tree)
      #expect(updated.turns[index].action == changed.turns[index].action)
    }
    for index in [1, 3, 5, 6, 7] { #expect(updated.turns[index] == changed.turns[index]) }
    #expect(updated.end?.finalDiff == transcript.end?.finalDiff && updated.end?.grade == nil)
    #expect(updated.end?.protectedPathsTouched == transcript.end?.protectedPathsTouched)
    #expect(try await verify(updated) == nil)
  }

  /// Two tries that fail, one of them for ever, and the repair.
  @Test func triesAreReplayed() async throws {
    let directory = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../tasks/made/ledger-journal-post-comparison").standardizedFileURL
    let task = try RepairTask(directory: directory)
    let patch = try String(
      contentsOf: directory.appending(path: "solution/fix.patch"), encoding: .utf8)
    func line(_ sign: Character, _ marker: String) throws -> String {
      let lines = patch.split(separator: "\n").filter {
        $0.first == sign && !$0.hasPrefix(marker)
      }
      return String(try #require(lines.first).dropFirst())
    }
    let (wrong, right) = (try line("-", "---"), try line("+", "+++"))
    let path = String(
      try #require(patch.split(separator: "\n").first { $0.hasPrefix("+++ b/") }).dropFirst(6))
    let indent = String(wrong.prefix { $0 == " " })
    let number = try String(
      contentsOf: task.environmentDirectory.appending(path: path), encoding: .utf8
    ).split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0 == wrong }
    let calls: [ToolCall] = [
      .view(path: path), .tryOut(lines: [wrong]),
      .tryOut(firstLine: try #require(number) + 1, lines: [indent + "while True: pass", wrong]),
      .tryOut(lines: [right]),
    ]
    var environment = Episodes.environment
    environment.testLimits = SandboxLimits(wallSeconds: 30, cpuSeconds: 30)
    let writer = TranscriptWriter(folder.transcript)
    let trajectory = await Episode(
      assignment: task.assignment, dialect: CompactDialect(), environment: environment
    ).run(
      ScriptedPolicy(texts: Episodes.texts(calls) + ["submit"]), at: folder.place(), seed: 1,
      observers: [writer])
    try writer.finish(TranscriptEnd(trajectory))
    let told = trajectory.turns.map { $0.result?.text ?? "" }
    #expect(told[1] == "That is what stands there; nothing would change.")
    #expect(told[2].hasSuffix("the tests had to be stopped. Taken back."), "\(told[2])")
    #expect(trajectory.turns[2].result?.timedOut == true)
    #expect(told[3].hasSuffix("tests pass. Kept."), "\(told[3])")
    let transcript = try Transcript.read(folder.transcript)
    let divergence = try await ReplayVerifier(transcript).verify(
      from: task.assignment.source, at: folder.place("again"))
    #expect(divergence == nil)
  }

  /// Harbor's tasks say where their image has the repository.
  @Test func aTasksOwnPlaceIsKept() async throws {
    let calls: [ToolCall] = [.view(path: "/app/stats/average.py"), .shell(command: "pwd")]
    let writer = TranscriptWriter(folder.transcript)
    let trajectory = try await Episodes.onFixture { $0.assignment.workdir = "/app" }.run(
      ScriptedPolicy(texts: Episodes.texts(calls) + ["submit"]), at: folder.place(), seed: 1,
      observers: [writer])
    try writer.finish(TranscriptEnd(trajectory))
    #expect(trajectory.turns.map { $0.result?.isError } == [false, false, false])
    #expect(trajectory.turns[1].result?.text == "/app")
    let transcript = try Transcript.read(folder.transcript)
    #expect(transcript.header.workdir == "/app")
    #expect(try await verify(transcript) == nil)
  }

  @Test func anotherTreeIsRefused() async throws {
    let transcript = try await record()
    let other = try TaskFixtures.task("greet-words").assignment.source
    let error = await #expect(throws: TranscriptError.self) {
      _ = try await ReplayVerifier(transcript).verify(from: other, at: folder.place("other"))
    }
    #expect(error?.description.contains("the files have changed since") == true)
    var unknown = transcript
    unknown.header.dialect = "klingon"
    await #expect(throws: TranscriptError.self) { _ = try await verify(unknown) }
  }
}
