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
      .shell(command: "mktemp -d; date +%N >/dev/null; python3 -c 'print(object())'"),
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
