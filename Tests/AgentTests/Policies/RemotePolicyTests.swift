import Agent
import Foundation
import LanguageModel
import Synchronization
import Testing
import Tools

/// Against a real HTTP server on the loopback interface.
@Suite struct RemotePolicyTests {
  private static let opening = [
    ChatMessage(role: .system, content: "Fix it."), ChatMessage(role: .user, content: "Bug: \"é\""),
  ]

  private func options(_ change: (inout RemotePolicy.Options) -> Void = { _ in })
    -> RemotePolicy.Options
  {
    var options = RemotePolicy.Options()
    options.firstWaitSeconds = 0.01
    options.longestWaitSeconds = 0.05
    options.attempts = 3
    options.requestSeconds = 20
    change(&options)
    return options
  }

  private func ask(
    _ server: EndpointServer, _ kind: String, _ options: RemotePolicy.Options,
    environment: [String: String] = [:]
  ) async throws -> PolicyTurn {
    let policy = try RemotePolicy(
      baseURL: "http://127.0.0.1:\(server.port)/\(kind)/v1", model: "m", options: options,
      environment: environment)
    return try await policy.session(seed: 5, limits: SessionLimits())
      .act(Self.opening, maxTokens: 64)
  }

  @Test func sendsTheConversationAndTheKey() async throws {
    let server = try EndpointServer()
    var options = options()
    options.temperature = 0.5
    options.topP = 0.9
    options.stop = ["END"]
    let policy = try RemotePolicy(
      baseURL: "http://127.0.0.1:\(server.port)/echo/v1/", model: "small", options: options,
      environment: ["OPENAI_API_KEY": "sk-other", "HINDSIGHT_API_KEY": "sk-mine"])
    let session = try await policy.session(seed: 1 << 40 | 5, limits: SessionLimits())
    let first = try await session.act(Self.opening, maxTokens: 64)
    #expect(first.finish == .stop)
    #expect(first.usage == TokenUsage(promptTokens: 12, completionTokens: 3))
    #expect(first.actionTokens.isEmpty)
    let observation = ChatMessage(role: .user, content: "ok")
    let second = try await session.act([observation], maxTokens: 9)
    let sent = try JSONDecoder().decode(Echo.self, from: Data(second.text.utf8))
    let said = ChatMessage(role: .assistant, content: first.text)
    #expect(sent.messages == Self.opening + [said, observation])
    #expect(sent.authorization == "Bearer sk-mine")
    #expect(sent.path == "/echo/v1/chat/completions")
    #expect(sent.model == "small" && sent.seed == 5 && sent.maxTokens == 9)
    #expect(sent.temperature == 0.5 && sent.topP == 0.9 && sent.stop == ["END"])
    await session.forget(seed: 6)
    let anew = try await session.act(Self.opening, maxTokens: 9)
    let again = try JSONDecoder().decode(Echo.self, from: Data(anew.text.utf8))
    #expect(again.messages == Self.opening && again.seed == 6)
    var dumped = ""
    dump(policy, to: &dumped)
    #expect(!(dumped + "\(policy)" + String(reflecting: policy)).contains("sk-"))
  }

  private struct Echo: Decodable {
    var messages: [ChatMessage]
    var authorization: String?
    var path: String
    var model: String
    var seed: Int
    var maxTokens: Int
    var temperature: Double
    var topP: Double
    var stop: [String]?

    enum CodingKeys: String, CodingKey {
      case messages, authorization, path, model, seed, temperature, stop
      case maxTokens = "max_tokens"
      case topP = "top_p"
    }
  }

  @Test func triesAgainWhenThatMayHelp() async throws {
    let server = try EndpointServer()
    let flaky = try await ask(server, "flaky", options())
    #expect(flaky.text == "test" && flaky.finish == .length && flaky.usage == nil)
    #expect(try await ask(server, "busy", options()).text == "submit")
    #expect(try await ask(server, "null", options()).text == "")
    #expect(try await ask(server, "context", options()).finish == .contextFull)
  }

  private final class Seen: Sendable {
    let text = Mutex("")
  }

  private func stream(
    _ server: EndpointServer, _ kind: String, seen: Seen = Seen(), tools: [ToolDefinition] = [],
    environment: [String: String] = [:]
  ) async throws -> PolicyTurn {
    let policy = try RemotePolicy(
      baseURL: "http://127.0.0.1:\(server.port)/\(kind)/v1", model: "m", options: options(),
      environment: environment,
      onText: { piece in seen.text.withLock { if let piece { $0 += piece } else { $0 = "" } } })
    return try await policy.session(seed: 5, limits: SessionLimits(), tools: tools)
      .act(Self.opening, maxTokens: 64)
  }

  @Test func whatIsWrittenIsSeenAsItComes() async throws {
    let server = try EndpointServer()
    let seen = Seen()
    let turn = try await stream(server, "stream", seen: seen)
    #expect(turn.text == "view ünder\ntest" && turn.finish == .length)
    #expect(turn.usage == TokenUsage(promptTokens: 12, completionTokens: 3))
    #expect(seen.text.withLock { $0 } == turn.text)
    // A server that doesn't stream is as good.
    #expect(try await stream(server, "busy").text == "submit")
    #expect(try await stream(server, "context").finish == .contextFull)
    #expect(try await stream(server, "streamfull").finish == .contextFull)
  }

  @Test func streamedCallsArePutTogether() async throws {
    let dialect = OpenAIDialect()
    let turn = try await stream(
      try EndpointServer(), "streamcalls", tools: dialect.definitions(of: [.view, .test]))
    #expect(try dialect.parse(turn.text).get() == .view(path: "a \"b\".py", firstLine: 3))
    #expect(turn.text.hasPrefix("Look.\n"))
    let bare = try await stream(
      try EndpointServer(), "streambare", tools: dialect.definitions(of: [.view, .test]))
    #expect(try dialect.parse(bare.text).get() == .test)
  }

  @Test func aBrokenStreamIsAskedForAgain() async throws {
    let server = try EndpointServer()
    let seen = Seen()
    #expect(try await stream(server, "streamcut", seen: seen).text == "whole")
    // What was broken off isn't shown before the whole.
    #expect(seen.text.withLock { $0 } == "whole")
    #expect(try await stream(server, "streamgarbled").text == "whole")
    #expect(try await stream(server, "streambusy").text == "whole")
    #expect(try await stream(server, "streamless").text == "whole")
    #expect(try await stream(server, "streamempty").text == "whole")
    let error = await #expect(throws: RemotePolicyError.self) {
      _ = try await stream(server, "streamnever")
    }
    #expect(error?.description.contains("broke its answer off, after 3 tries") == true)
  }

  @Test func claimsOfUsageAreBounded() async throws {
    let server = try EndpointServer()
    for _ in 0..<2 {
      let usage = try #require(try await ask(server, "boast", options()).usage)
      #expect(usage.promptTokens == 1 << 40)
      #expect([0, 1 << 40].contains(usage.completionTokens))
    }
  }

  @Test func usageThatMeansNothingTakesNothingFromTheAnswer() async throws {
    let server = try EndpointServer()
    for _ in 0..<4 {
      let turn = try await ask(server, "odd", options())
      #expect(turn.text == "view stats" && turn.finish == .stop)
      #expect(
        turn.usage ?? TokenUsage(promptTokens: 0, completionTokens: 0)
          == TokenUsage(promptTokens: 0, completionTokens: 0))
    }
  }

  @Test func anEndpointThatRepeatsTheKeyDoesntBringItIntoTheTurn() async throws {
    let key = "sk-0123456789abcdef"
    let turn = try await ask(
      try EndpointServer(), "echo", options(), environment: ["HINDSIGHT_API_KEY": key])
    #expect(turn.text.contains("Bearer …") && !turn.text.contains(key))
  }

  /// What reads a call decodes JSON's escapes.
  @Test func noCallHasTheKeyInItsEscapes() async throws {
    let server = try EndpointServer()
    let environment = ["HINDSIGHT_API_KEY": "sk-0123/456789abcdefjklmno"]
    for tools in [[], OpenAIDialect().definitions(of: [.shell])] {
      let turn = try await stream(server, "spell", tools: tools, environment: environment)
      #expect(try HermesDialect().parse(turn.text).get() == .shell(command: "echo … > f"))
    }
  }

  @Test func aKeyThatComesInPiecesIsntSeen() async throws {
    let seen = Seen()
    let turn = try await stream(
      try EndpointServer(), "streamkey", seen: seen,
      environment: ["HINDSIGHT_API_KEY": "sk-0123456789abcdef"])
    #expect(turn.text == "it is … indeed")
    #expect(seen.text.withLock { $0 } == turn.text)
  }

  @Test(arguments: [
    ("broken", "answered 503: no\\u{1b}[31m workers, after 3 tries"),
    ("patient", "answered 503: come back tomorrow, after 3 tries"),
    ("drop", "could not be reached"),
    ("hang", "gave no answer within 0.3 s, after 3 tries"),
    ("garbage", "not a chat completion: <html>\\u{1b}[2J hello</html>"),
    ("binary", "not a chat completion"),
    ("empty", "a completion without choices"),
    ("huge", "more than 100000 bytes"),
    ("flood", "more than 100000 bytes"),
    ("redirect", "answered 307"),
    ("refuse", "answered 401: wrong key Bearer …"), ("late", "answered 401: …"),
  ]) func saysWhatWentWrong(kind: String, expected: String) async throws {
    let server = try EndpointServer()
    let error = await #expect(throws: RemotePolicyError.self) {
      let options = options {
        $0.responseBytes = 100_000
        if kind == "hang" { $0.requestSeconds = 0.3 }
      }
      _ = try await ask(
        server, kind, options, environment: ["HINDSIGHT_API_KEY": "sk-secret"])
    }
    let sentence = try #require(error).description
    #expect(sentence.contains(expected), "\(sentence)")
    #expect(sentence.contains("/\(kind)/v1/chat/completions"))
    #expect(!sentence.contains("sk-"))
  }

  @Test func cancellationEndsARequest() async throws {
    let server = try EndpointServer()
    let asking = Task { try await ask(server, "hang", options { $0.requestSeconds = 500 }) }
    try await Task.sleep(for: .milliseconds(200))
    asking.cancel()
    await #expect(throws: CancellationError.self) { _ = try await asking.value }
  }

  @Test func nothingListens() async throws {
    // Port 1 of the loopback interface needs root to listen on.
    let policy = try RemotePolicy(
      baseURL: "http://127.0.0.1:1", model: "m", options: options(), environment: [:])
    let session = try await policy.session(seed: 1, limits: SessionLimits())
    await #expect(throws: RemotePolicyError.self) {
      _ = try await session.act(Self.opening, maxTokens: 1)
    }
  }

  @Test(arguments: [
    "", "localhost:8000", "ftp://host/v1", "http://", "/models/a", "http://me:sk-1@host/v1",
  ]) func refusesAddresses(address: String) {
    let error = #expect(throws: RemotePolicyError.self) {
      _ = try RemotePolicy(baseURL: address, model: "m", environment: [:])
    }
    #expect(error?.description.contains("sk-1") == false)
  }

  @Test func refusesAKeyThatWouldBreakTheHeader() {
    #expect(throws: RemotePolicyError.self) {
      _ = try RemotePolicy(
        baseURL: "http://h", model: "m", environment: ["OPENAI_API_KEY": "a\r\nHost: b"])
    }
  }
}

/// The server of `Tests/Fixtures/endpoint`; it ends with this object.
final class EndpointServer {
  let port: Int
  private let process = Process()
  private let input = Pipe()

  init() throws {
    let script = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Fixtures/endpoint/server.py").standardizedFileURL
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", script.path]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    var line = Data()
    while line.last != UInt8(ascii: "\n") {
      let piece = output.fileHandleForReading.availableData
      if piece.isEmpty { break }
      line += piece
    }
    let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .newlines)
    port = try #require(Int(text), "the server printed no port")
  }

  deinit {
    // A child of a test's thread may have inherited a mask that blocks SIGTERM.
    kill(process.processIdentifier, SIGKILL)
  }
}
