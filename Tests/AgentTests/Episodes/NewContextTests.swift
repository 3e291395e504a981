import Agent
import Foundation
import LanguageModel
import Synchronization
import Testing
import Tools

/// Agents that begin anew where turns came to nothing.
@Suite struct NewContextTests {
  private let folder: EpisodeFolder

  init() throws { folder = try EpisodeFolder() }

  /// Says `texts` in each context from the first on, and keeps what it is asked and told.
  private final class Forgetful: Policy {
    let texts: [String]
    let seeds = Mutex<[UInt64]>([])
    let asked = Mutex<[[ChatMessage]]>([])

    init(_ texts: [String]) { self.texts = texts }

    var identity: PolicyIdentity { PolicyIdentity(kind: "scripted", name: "forgetful") }

    func session(seed: UInt64, limits: SessionLimits) async throws -> any PolicySession {
      seeds.withLock { $0.append(seed) }
      let script = ScriptedPolicy { [self] turn, messages in
        asked.withLock { $0.append(messages) }
        return PolicyTurn(text: texts[turn - 1], finish: .stop)
      }
      return Session(policy: self, inner: try await script.session(seed: seed, limits: limits))
    }

    private final class Session: PolicySession {
      let policy: Forgetful
      let inner: any PolicySession

      init(policy: Forgetful, inner: any PolicySession) {
        (self.policy, self.inner) = (policy, inner)
      }

      func act(_ newMessages: [ChatMessage], maxTokens: Int) async throws -> PolicyTurn {
        try await inner.act(newMessages, maxTokens: maxTokens)
      }

      func recall(_ newMessages: [ChatMessage], _ action: PolicyTurn) async throws -> PolicyTurn {
        try await inner.recall(newMessages, action)
      }

      func forget(seed: UInt64) async {
        policy.seeds.withLock { $0.append(seed) }
        await inner.forget(seed: seed)
      }
    }
  }

  private static let views = ["view stats/average.py", "view stats"]
  private static let mend = Episodes.texts([Episodes.mend])[0]

  /// A saved episode of five turns.
  private func record(
    _ policy: Forgetful, _ name: String = "episode", resetAfter: Int? = 2
  ) async throws -> Transcript {
    let file = folder.url.appending(path: "\(name).jsonl")
    let writer = TranscriptWriter(file)
    let trajectory = try await Episodes.onFixture {
      ($0.limits.turns, $0.limits.resetAfter) = (5, resetAfter)
    }.run(policy, at: folder.place(name), seed: 7, observers: [writer])
    #expect(trajectory.stopReason == .turnLimit)
    try writer.finish(TranscriptEnd(trajectory))
    let transcript = try Transcript.read(file)
    #expect(transcript.trajectory == trajectory)
    #expect(transcript.header.limits.resetAfter == resetAfter)
    return transcript
  }

  @Test func turnsInVainAreForgotten() async throws {
    let policy = Forgetful(Self.views)
    let transcript = try await record(policy)
    #expect(transcript.turns.map(\.beginsContext) == [false, false, true, false, true])
    #expect(transcript.turns.map(\.number) == [1, 2, 3, 4, 5])
    #expect(transcript.trajectory.contexts.map(\.turns.count) == [2, 2, 1])
    let asked = policy.asked.withLock { $0 }
    #expect(asked.map(\.count) == [2, 4, 2, 4, 2])
    #expect(asked[2] == transcript.header.messages && asked[2] == asked[0])
    // Each draws by a seed of its own.
    #expect(Set(policy.seeds.withLock { $0 }).count == 3)
    let written = try String(
      contentsOf: folder.url.appending(path: "episode.jsonl"), encoding: .utf8)
    #expect(written.ranges(of: "\"new_context\":true").count == 2)
    #expect(!written.contains("\"new_context\":false"))
    let shown = TranscriptView(usesColor: false).render(transcript)
    #expect(shown.ranges(of: ", in a new context").count == 2)

    let never = try await record(
      Forgetful(Self.views + Self.views + ["view ."]), "never", resetAfter: nil)
    #expect(never.trajectory.contexts.count == 1 && never.chats.count == 1)
  }

  /// What was changed stays changed, and turns count from there on.
  @Test func aChangeIsNoTurnInVain() async throws {
    let policy = Forgetful([Self.views[0], Self.mend] + Self.views)
    let transcript = try await record(policy)
    #expect(transcript.turns.map(\.beginsContext) == [false, false, false, false, true])
    let seen = transcript.turns.map { $0.result?.text.contains("if not values") }
    #expect(seen[0] == false && seen[4] == true)
    #expect(transcript.end?.finalDiff.isEmpty == false)
  }

  @Test func replaysAndGoesOn() async throws {
    let first = Forgetful(Self.views + Self.views)
    let transcript = try await record(first)
    let source = try TaskFixtures.task("mean-of-none").assignment.source
    #expect(
      try await ReplayVerifier(transcript).verify(from: source, at: folder.place("replay")) == nil)
    for taken in [1, 2, 3, 4] {
      let second = Forgetful(first.texts)
      let beginning = try EpisodeBeginning(transcript, turns: taken, digest: "d")
      let episode = try Episode(
        like: transcript.header, after: beginning, source: source, more: 5 - taken)
      let again = await episode.run(
        second, at: folder.place("again-\(taken)"), seed: 7, after: beginning)
      #expect(again.stopReason == .turnLimit)
      let kept = transcript.turns.prefix(taken)
      #expect(again.turns.prefix(taken).map(\.beginsContext) == kept.map(\.beginsContext))
      #expect(again.turns.prefix(taken).map(\.text) == kept.map(\.text))
      // The turns that were taken over don't count: who goes on reads what was said in them.
      let begins = again.turns.dropFirst(taken).map(\.beginsContext)
      #expect(begins == Array([false, false, true, false].prefix(5 - taken)))
      let asked = second.asked.withLock { $0 }
      #expect(asked[0].count == 2 + 2 * (taken > 2 ? taken - 2 : taken))
      #expect(second.seeds.withLock { $0 }.first == 7)
    }
  }

  /// All contexts are paid for, whether the tokens are seen or an endpoint counts them.
  @Test func tokensAreThoseOfAllContexts() async throws {
    let episode = try Episodes.onFixture {
      ($0.limits.resetAfter, $0.limits.totalTokens) = (1, 12)
    }
    let reported = await episode.run(
      ScriptedPolicy { _, _ in
        PolicyTurn(
          text: Self.views[0], finish: .stop,
          usage: TokenUsage(promptTokens: 5, completionTokens: 1))
      }, at: folder.place("reported"), seed: 1)
    #expect(reported.stopReason == .tokenLimit && reported.turns.count == 2)
    let shown = await episode.run(
      ScriptedPolicy { _, _ in
        PolicyTurn(
          contextTokens: [1, 2, 3, 4, 5], actionTokens: [6], logprobs: [0], text: Self.views[0],
          finish: .stop)
      }, at: folder.place("shown"), seed: 1)
    #expect(shown.stopReason == .tokenLimit && shown.turns.count == 2)
    let atMost = EpisodeLimits(turns: 9, resetAfter: 4).contexts
    #expect(atMost == 3 && EpisodeLimits(turns: 9).contexts == 1)
  }

  @Test func theFirstTurnHasNothingToForget() async throws {
    _ = try await record(Forgetful(Self.views))
    let file = folder.url.appending(path: "episode.jsonl")
    let text = try String(contentsOf: file, encoding: .utf8)
      .replacing("\"turn\":1,", with: "\"new_context\":true,\"turn\":1,")
    try Data(text.utf8).write(to: file)
    let error = #expect(throws: TranscriptError.self) { try Transcript.read(file) }
    let expected = ":2: has new_context in turn 1; nothing was said before it"
    #expect(error?.description.hasSuffix(expected) == true)
  }

  /// A reader of another format gets the first messages again where the policy did.
  @Test func exportsSayWhatWasTold() async throws {
    var transcript = try await record(Forgetful(Self.views))
    let opening = transcript.header.messages
    for index in transcript.turns.indices {
      transcript.turns[index].action.contextTokens = [1, 2, 3]
      transcript.turns[index].action.actionTokens = [4, 5]
      transcript.turns[index].action.logprobs = [-1, -2]
    }
    let chats = transcript.chats
    #expect(chats.map(\.count) == [5, 5, 4])
    #expect(chats.allSatisfy { Array($0.prefix(2)) == opening })
    // Nobody was told what came of a context's last turn.
    #expect(chats.map { $0.last?.role } == [.assistant, .assistant, .user])
    let lines = try Data(contentsOf: folder.url.appending(path: "episode.jsonl"))
    for (format, items, key, agent) in [
      (ExchangeRecord.Format.atif, "steps", "source", "agent"),
      (.miniSWEAgent, "messages", "role", "assistant"),
    ] {
      let data = try JSONEncoder().encode(ExchangeRecord(transcript, as: format, lines: lines))
      let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
      let written = try #require(object[items] as? [[String: Any]])
      let sources = written.compactMap { $0[key] as? String }.filter {
        format == .atif || $0 == "system" || $0 == agent
      }
      let first = format == .atif ? ["system", "user"] : ["system"]
      let pair = first + [agent, agent]
      #expect(sources == pair + pair + first + [agent], "\(items): \(sources)")
      let metrics = written.compactMap { $0["metrics"] as? [String: Any] }
      let prompts = metrics.compactMap { $0["prompt_tokens"] as? Int }
      #expect(prompts == (format == .atif ? [3, 8, 3, 8, 3] : []))
      let read = try ForeignEpisode(data, file: "f")
      #expect(read.opening == opening && read.replies.count == 5)
      #expect(read.record.transcriptLines == lines)
      #expect(try read.record.firstDifference(from: transcript) == nil)
    }
  }
}
