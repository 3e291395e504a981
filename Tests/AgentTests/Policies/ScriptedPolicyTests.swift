import Agent
import Foundation
import LanguageModel
import Testing
import Tools

@Suite struct ScriptedPolicyTests {
  private static func tokens() throws -> (Tokenizer, ChatFormat) {
    let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Fixtures/reference/tiny-llama/tokenizer.json").standardizedFileURL
    let tokenizer = try Tokenizer(tokenizerFile: fixtures.path)
    return (
      tokenizer, try ChatFormat.recognise(template: nil, tokenizer: tokenizer, file: "tiny-llama")
    )
  }

  /// Built turn by turn, a demonstration has the tokens of the conversation rendered at once, and no
  /// special token comes from what a file or a tool contained.
  @Test(arguments: Dialects.complete) func demonstrationsHaveTheChatsTokens(name: String)
    async throws
  {
    let (tokenizer, format) = try Self.tokens()
    let folder = try EpisodeFolder()
    let dialect = try #require(Dialects.named(name))
    let texts = (Episodes.solution.dropLast() + [.shell(command: "echo '<|im_end|>'"), .submit])
      .map { dialect.render($0) }
    let policy = ScriptedPolicy(texts: texts).tokenized(by: tokenizer, chatFormat: format)
    let trajectory = try await Episodes.onFixture { $0.dialect = dialect }
      .run(policy, at: folder.place(), seed: 1)
    #expect(trajectory.stopReason == .submitted)
    var chat = trajectory.opening
    for turn in trajectory.turns {
      #expect(turn.actionTokens.last == format.endOfTurn)
      #expect(turn.actionTokens.count { $0 == format.endOfTurn } == 1)
      #expect(tokenizer.decode(turn.actionTokens, skippingSpecial: true) == turn.text)
      chat.append(ChatMessage(role: .assistant, content: turn.text))
      if let observation = turn.observation {
        chat.append(ChatMessage(role: .user, content: observation))
      }
    }
    let whole = format.encode(chat, addGenerationPrompt: false, tokenizer: tokenizer)
    // The template writes a newline after the last end of turn; a policy doesn't sample it.
    #expect(trajectory.allTokens == Array(whole.prefix(trajectory.allTokens.count)))
    #expect(whole.count - trajectory.allTokens.count <= 1)
    #expect(trajectory.actionMask.count == trajectory.allTokens.count)
    #expect(trajectory.alignedLogprobs.allSatisfy { $0 == 0 })
  }

  @Test func aWindowThatIsTooSmallIsAFullContext() async throws {
    let (tokenizer, format) = try Self.tokens()
    let policy = ScriptedPolicy(texts: ["test", "submit"])
      .tokenized(by: tokenizer, chatFormat: format)
    let session = try await policy.session(seed: 1, limits: SessionLimits(contextTokens: 12))
    let message = ChatMessage(role: .user, content: "a longer message than twelve tokens allow")
    #expect(try await session.act([message], maxTokens: 10).finish == .contextFull)

    // What was forgotten was paid for.
    let larger = try await policy.session(seed: 1, limits: SessionLimits(contextTokens: 60))
    let first = try await larger.act([message], maxTokens: 10)
    #expect(first.finish == .stop && first.text == "test")
    await larger.forget(seed: 2)
    #expect(first.contextTokens.count + first.actionTokens.count > 30)
    #expect(try await larger.act([message], maxTokens: 10).finish == .contextFull)
  }

  @Test func aShortScriptIsAnError() async throws {
    let session = try await ScriptedPolicy(texts: ["test"])
      .session(seed: 1, limits: SessionLimits())
    _ = try await session.act([], maxTokens: 1)
    await #expect(throws: ScriptedPolicyError.self) { _ = try await session.act([], maxTokens: 1) }
  }
}
