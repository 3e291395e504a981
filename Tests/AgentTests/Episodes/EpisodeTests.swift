import Agent
import Foundation
import LanguageModel
import Testing
import Tools

/// Whole episodes in the real sandbox.
@Suite struct EpisodeTests {
  private func run(
    _ texts: [String], _ change: (inout Episode) -> Void = { _ in }
  ) async throws -> Trajectory {
    let folder = try EpisodeFolder()
    return try await Episodes.onFixture(change)
      .run(ScriptedPolicy(texts: texts), at: folder.place(), seed: 1)
  }

  @Test(arguments: Dialects.complete) func solvesATask(name: String) async throws {
    let folder = try EpisodeFolder()
    let dialect = try #require(Dialects.named(name))
    let episode = try Episodes.onFixture { $0.dialect = dialect }
    let policy = ScriptedPolicy(
      texts: Episodes.solution.map { dialect.render(thought: "next", call: $0) })
    let writer = TranscriptWriter(folder.transcript)
    let trajectory = await episode.run(
      policy, at: folder.place(), sample: 2, seed: 9, observers: [writer])
    #expect(trajectory.stopReason == .submitted)
    #expect(trajectory.turns.map(\.call) == Episodes.solution)
    #expect(trajectory.malformedCalls == 0 && trajectory.repeatedCalls == 0)
    #expect(trajectory.opening[1].content.contains("stats/average.py"))
    let results = trajectory.turns.compactMap(\.result)
    #expect(results[0].text.contains("return total(values)"))
    #expect(results[3].exitCode == 0)
    #expect(results[4].text.contains("0"))
    #expect(trajectory.turns.last?.observation == nil)
    #expect(trajectory.turns[0].observation?.contains(results[0].text) == true)
    let diff = String(decoding: trajectory.finalDiff, as: UTF8.self)
    #expect(diff.contains("+    if not values:") && diff.contains("stats/average.py"))
    #expect(trajectory.protectedPathsTouched.isEmpty)
    let trees = trajectory.turns.map(\.snapshot.tree)
    #expect(trees[0] == trajectory.base?.tree && trees[1] != trees[2] && trees[2] == trees[5])
    #expect(!FileManager.default.fileExists(atPath: folder.place().workTree))
    let message = try folder.recorder.message(of: trajectory.turns[2].snapshot.commit)
    #expect(message.hasPrefix("edit stats/average.py\n\n"))
    try writer.finish(TranscriptEnd(trajectory))
    #expect(try Transcript.read(folder.transcript).trajectory == trajectory)
    let grade = await Grader(sandbox: .bubblewrap)
      .grade(try TaskFixtures.task("mean-of-none"), patch: trajectory.finalDiff)
    #expect(grade.resolved)
  }

  @Test func malformedRepliesAreAnsweredAndThenStop() async throws {
    let good = Episodes.texts([.view(path: "stats/average.py")])[0]
    let trajectory = try await run(["hello", "test now", good, good, "x", "y", "z", "never"])
    #expect(trajectory.stopReason == .formatErrors)
    #expect(trajectory.turns.count == 7)
    #expect(trajectory.malformedCalls == 5 && trajectory.repeatedCalls == 1)
    let first = trajectory.turns[0]
    #expect(first.call == nil && first.result == nil)
    #expect(first.observation?.hasPrefix("Format error: no line begins with an action") == true)
    #expect(first.snapshot.tree == trajectory.base?.tree)
    #expect(trajectory.finalDiff.isEmpty)
  }

  @Test func limitsEndAnEpisodeAndTheDiffStays() async throws {
    let mend = Episodes.texts([Episodes.mend])[0]
    let view = "view stats/average.py"
    let turns = try await run([mend, view, view, view]) { $0.limits.turns = 3 }
    #expect(turns.stopReason == .turnLimit && turns.turns.count == 3)
    #expect(!turns.finalDiff.isEmpty)
    let time = try await run([mend]) { $0.limits.wallSeconds = 0 }
    #expect(time.stopReason == .timeLimit && time.turns.isEmpty)
    let slow = ScriptedPolicy { turn, _ in
      if turn > 1 { try await Task.sleep(for: .seconds(600)) }
      return PolicyTurn(text: mend, finish: .stop)
    }
    let folder = try EpisodeFolder()
    let cut = try await Episodes.onFixture { $0.limits.wallSeconds = 3 }
      .run(slow, at: folder.place(), seed: 1)
    #expect(cut.stopReason == .timeLimit)
    #expect(cut.turns.count <= 1)
  }

  @Test func tokensAreCounted() async throws {
    let texts = ["view stats/average.py", "view stats", "view ."]
    let counted = ScriptedPolicy { turn, _ in
      PolicyTurn(
        contextTokens: [1, 2, 3], actionTokens: [4, 5], logprobs: [-1, -2],
        text: texts[turn - 1], finish: .stop)
    }
    let folder = try EpisodeFolder()
    let episode = try Episodes.onFixture { $0.limits.totalTokens = 10 }
    let trajectory = await episode.run(counted, at: folder.place("a"), seed: 1)
    #expect(trajectory.stopReason == .tokenLimit && trajectory.turns.count == 2)
    #expect(trajectory.allTokens == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5])
    let mask = [false, false, false, true, true]
    #expect(trajectory.actionMask == mask + mask)
    #expect(trajectory.alignedLogprobs == [0, 0, 0, -1, -2, 0, 0, 0, -1, -2])
    let reported = ScriptedPolicy { turn, _ in
      PolicyTurn(
        text: texts[turn - 1], finish: .stop,
        usage: TokenUsage(promptTokens: 5 * turn, completionTokens: 1))
    }
    let remote = await episode.run(reported, at: folder.place("b"), seed: 1)
    #expect(remote.stopReason == .tokenLimit && remote.turns.count == 2)
  }

  @Test func aFullContextEndsCleanly() async throws {
    let folder = try EpisodeFolder()
    let mend = Episodes.texts([Episodes.mend])[0]
    let full = ScriptedPolicy { turn, _ in
      turn == 1
        ? PolicyTurn(text: mend, finish: .stop) : PolicyTurn(text: "", finish: .contextFull)
    }
    let trajectory = try await Episodes.onFixture().run(full, at: folder.place("a"), seed: 1)
    #expect(trajectory.stopReason == .contextFull && trajectory.turns.count == 1)
    #expect(!trajectory.finalDiff.isEmpty)
    let cut = ScriptedPolicy { _, _ in
      PolicyTurn(actionTokens: [7], logprobs: [0], text: "edit a.py\n<<<", finish: .contextFull)
    }
    let second = try await Episodes.onFixture().run(cut, at: folder.place("b"), seed: 1)
    #expect(second.stopReason == .contextFull && second.turns.count == 1)
    #expect(second.turns[0].formatError?.problem.contains("cut off") == true)
  }

  @Test func timeOutsInARowEndAnEpisode() async throws {
    let sleep = "shell sleep 60"
    let trajectory = try await run([sleep, "test", sleep, "hello", sleep, "test"]) {
      $0.environment.limits.wallSeconds = 0.5
      $0.environment.testLimits = SandboxLimits(wallSeconds: 20)
      $0.limits.toolTimeouts = 2
    }
    #expect(trajectory.stopReason == .toolTimeouts)
    #expect(trajectory.turns.count == 5)
    #expect(trajectory.turns[0].result?.timedOut == true)
  }

  @Test func aToolThatIsNotOfferedIsAFormatError() async throws {
    let trajectory = try await run(["shell ls", "submit"]) {
      $0.tools = ToolName.allCases.filter { $0 != .shell }
    }
    #expect(trajectory.stopReason == .submitted)
    #expect(trajectory.turns[0].formatError?.problem.contains("shell is not offered") == true)
  }

  @Test func touchedProtectedPathsAreNoted() async throws {
    let calls: [ToolCall] = [
      .create(path: "tests/test_more.py", contents: "pass\n"),
      .shell(command: "echo 'raise SystemExit' > sitecustomize.py"), .submit,
    ]
    let trajectory = try await run(Episodes.texts(calls))
    #expect(trajectory.protectedPathsTouched == ["sitecustomize.py", "tests/test_more.py"])
  }

  @Test func theMachinesFailuresAreNamed() async throws {
    let folder = try EpisodeFolder()
    let ended = try await Episodes.onFixture()
      .run(ScriptedPolicy(texts: ["test"]), at: folder.place("a"), seed: 1)
    #expect(
      ended.stopReason == .infrastructure("the script ended after 1 replies without a submit"))
    #expect(ended.turns.count == 1 && ended.stopReason.isInfrastructure)
    let missing = try await Episodes.onFixture {
      $0.assignment.source = .folder("/nowhere/at/all")
    }.run(ScriptedPolicy(texts: ["test"]), at: folder.place("b"), seed: 1)
    #expect(missing.stopReason.isInfrastructure && missing.base == nil)
    let unwritable = TranscriptWriter(URL(filePath: "/nowhere/t.jsonl"))
    let unseen = try await Episodes.onFixture().run(
      ScriptedPolicy(texts: ["test"]), at: folder.place("c"), seed: 1, observers: [unwritable])
    #expect(unseen.stopReason.detail?.contains("cannot be created") == true)
  }

  @Test func cancellationKeepsTheDiff() async throws {
    let folder = try EpisodeFolder()
    let mend = Episodes.texts([Episodes.mend])[0]
    let (reached, signal) = AsyncStream.makeStream(of: Void.self)
    let policy = ScriptedPolicy { turn, _ in
      if turn == 2 {
        signal.finish()
        try await Task.sleep(for: .seconds(600))
      }
      return PolicyTurn(text: mend, finish: .stop)
    }
    let episode = try Episodes.onFixture()
    let place = folder.place()
    let running = Task { await episode.run(policy, at: place, seed: 1) }
    for await _ in reached {}
    running.cancel()
    let trajectory = await running.value
    #expect(trajectory.stopReason == .cancelled)
    #expect(trajectory.turns.count == 1 && !trajectory.finalDiff.isEmpty)
  }

  @Test func hindsightReachesThePolicy() async throws {
    let folder = try EpisodeFolder()
    let policy = ScriptedPolicy { _, messages in
      #expect(messages[1].content.contains("It divides by zero."))
      return PolicyTurn(text: "submit", finish: .stop)
    }
    let trajectory = try await Episodes.onFixture().run(
      policy, at: folder.place(), seed: 1, hindsight: "It divides by zero.")
    #expect(trajectory.stopReason == .submitted)
  }
}
