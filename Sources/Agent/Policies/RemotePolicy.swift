public import Foundation
import FoundationNetworking
import LanguageModel
import Synchronization

/// A model behind an OpenAI-compatible endpoint, `POST …/v1/chat/completions`.
///
/// The key comes from the environment (`HINDSIGHT_API_KEY`, else `OPENAI_API_KEY`) and goes
/// nowhere but into the request's header. An endpoint shows no tokens, so its turns carry text and
/// usage only.
public struct RemotePolicy: Policy {
  /// How to ask, and how long to try.
  public struct Options: Sendable, Equatable {
    public var temperature = 1.0
    public var topP = 1.0
    public var stop: [String] = []
    /// The time limit of one request.
    public var requestSeconds = 300.0
    /// Tries in all, when the endpoint is busy, broken or unreachable.
    public var attempts = 5
    /// The wait before the second try; it doubles with each further one.
    public var firstWaitSeconds = 1.0
    /// The longest wait between tries, whatever Retry-After asks for.
    public var longestWaitSeconds = 60.0
    /// An answer above this is refused.
    public var responseBytes = 8 << 20

    public init() {}
  }

  public let model: String
  public let options: Options
  /// Called with what the model writes as it comes, and with nil where that counts no more because it is asked
  /// again; the answer is streamed then.
  public let onText: (@Sendable (String?) -> Void)?
  private let endpoint: URL
  private let key: EndpointKey

  /// - Parameters:
  ///   - baseURL: as OpenAI clients take it, with or without `/v1`.
  ///   - environment: where the key is looked up.
  ///   - onText: see ``onText``.
  /// - Throws: `RemotePolicyError` when the address can't be used.
  public init(
    baseURL: String, model: String, options: Options = Options(),
    environment: [String: String] = ProcessInfo.processInfo.environment,
    onText: (@Sendable (String?) -> Void)? = nil
  ) throws(RemotePolicyError) {
    self.model = model
    self.onText = onText
    self.options = options
    endpoint = try Self.endpoint(baseURL)
    let found = environment["HINDSIGHT_API_KEY"] ?? environment["OPENAI_API_KEY"]
    key = EndpointKey(found.flatMap { $0.isEmpty ? nil : $0 })
    if let key = key.value, key.utf8.contains(where: { $0 < 0x21 || $0 > 0x7E }) {
      throw RemotePolicyError(
        "the key in HINDSIGHT_API_KEY or OPENAI_API_KEY has characters a header can't carry")
    }
  }

  public var identity: PolicyIdentity {
    PolicyIdentity(
      kind: "remote", name: model,
      sampling: ["temperature": options.temperature, "top_p": options.topP])
  }

  public func session(seed: UInt64, limits: SessionLimits) async throws -> any PolicySession {
    try await session(seed: seed, limits: limits, tools: [])
  }

  public func session(
    seed: UInt64, limits: SessionLimits, tools: [ToolDefinition]
  ) async throws -> any PolicySession {
    RemoteSession(policy: self, seed: seed, tools: tools)
  }

  private static func endpoint(_ baseURL: String) throws(RemotePolicyError) -> URL {
    guard var parts = URLComponents(string: baseURL), let scheme = parts.scheme?.lowercased(),
      scheme == "http" || scheme == "https", let host = parts.host, !host.isEmpty
    else {
      throw RemotePolicyError(
        "'\(baseURL)' is not the address of an endpoint; expected http(s)://host[:port]/v1")
    }
    guard parts.user == nil, parts.password == nil else {
      throw RemotePolicyError(
        "the address of \(host) has a name or password in it; put the key into HINDSIGHT_API_KEY")
    }
    var path = parts.path
    while path.hasSuffix("/") { path.removeLast() }
    if !path.hasSuffix("/chat/completions") {
      path += path.isEmpty ? "/v1/chat/completions" : "/chat/completions"
    }
    parts.path = path
    guard let url = parts.url else {
      throw RemotePolicyError("'\(baseURL)' is not the address of an endpoint")
    }
    return url
  }

  /// What an endpoint is asked to do; what it was found not to do, no more.
  struct Abilities: Sendable {
    var streams: Bool
    /// Takes tools beside the messages, and makes calls of them beside the text.
    var callsTools: Bool
  }

  /// Asks once for the next assistant message, trying again while that may help.
  ///
  /// - Returns: the turn, and the message as it is to be sent back.
  func complete(
    _ messages: [WireMessage], tools: [ToolDefinition], seed: UInt64, maxTokens: Int,
    abilities: inout Abilities
  ) async throws -> (turn: PolicyTurn, said: WireMessage) {
    var wait = options.firstWaitSeconds
    var trouble = ""
    for attempt in 1...max(1, options.attempts) {
      if attempt > 1 {
        onText?(nil)
        try await Task.sleep(for: .seconds(min(wait, options.longestWaitSeconds)))
      }
      wait = options.firstWaitSeconds * Double(1 << min(attempt, 20))
      do {
        let (answer, stream) = try await send(
          try request(messages, tools, seed: seed, maxTokens: maxTokens, abilities))
        if answer.status == 200, answer.isStream {
          if let whole = stream.answer { return try read(whole) }
          if let failed = stream.failure, isContextOverflow(failed) {
            return try refuse(answer, body: failed)
          }
          // Some stream text, but fail where calls would have to be.
          if stream.isEmpty { abilities.streams = false }
          trouble = "broke its answer off" + (stream.failure.map(detail) ?? "")
          continue
        }
        if [400, 422].contains(answer.status), !isContextOverflow(answer.body),
          abilities.lose(whatIsUnusedIn: messages)
        {
          trouble = "answered \(answer.status)\(detail(answer.body))"
          wait = 0
          continue
        }
        if answer.status == 200 { return try read(answer) }
        guard isWorthRetrying(answer.status) else {
          return try refuse(answer, body: answer.body)
        }
        trouble = "answered \(answer.status)\(detail(answer.body))"
        if let asked = answer.retryAfter.flatMap(Double.init), asked >= 0 { wait = asked }
      } catch HTTPExchange.Failure.timedOut {
        trouble = "gave no answer within \(options.requestSeconds) s"
      } catch HTTPExchange.Failure.connection(let reason) {
        trouble = "could not be reached (\(reason))"
      } catch HTTPExchange.Failure.tooLarge {
        throw failure("sent more than \(options.responseBytes) bytes")
      }
    }
    throw failure("\(trouble), after \(max(1, options.attempts)) tries")
  }

  private func send(
    _ request: URLRequest
  ) async throws -> (HTTPExchange.Answer, CompletionStream) {
    var exchange = HTTPExchange(
      seconds: options.requestSeconds, responseBytes: options.responseBytes)
    let stream = Mutex(CompletionStream())
    let shown = Mutex(RedactedStream(without: key.inSpeech))
    exchange.received = { [onText] data in
      let text = stream.withLock { $0.add(data) }
      let safe = shown.withLock { $0.add(text) }
      if !safe.isEmpty { onText?(safe) }
    }
    let answer = try await exchange.send(request)
    return (answer, stream.withLock { $0 })
  }

  private func request(
    _ messages: [WireMessage], _ tools: [ToolDefinition], seed: UInt64, maxTokens: Int,
    _ abilities: Abilities
  ) throws -> URLRequest {
    let isNative = abilities.callsTools && !tools.isEmpty
    let messages = isNative || tools.isEmpty ? messages : try messages.telling(tools)
    let streams = abilities.streams
    var request = URLRequest(url: endpoint)
    request.httpMethod = "POST"
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    if let key = key.value {
      request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization")
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    request.httpBody = try encoder.encode(
      ChatCompletionRequest(
        model: model, messages: messages, tools: isNative ? tools : nil,
        toolChoice: isNative ? "auto" : nil,
        temperature: options.temperature, topP: options.topP,
        // Servers take 32-bit or 64-bit signed seeds.
        seed: Int(seed & 0x7FFF_FFFF), maxTokens: maxTokens,
        stop: options.stop.isEmpty ? nil : options.stop, stream: streams ? true : nil,
        streamOptions: streams ? ChatCompletionRequest.StreamOptions() : nil))
    return request
  }

  private func isWorthRetrying(_ status: Int) -> Bool {
    status == 408 || status == 429 || status >= 500
  }

  private func read(
    _ answer: HTTPExchange.Answer
  ) throws -> (turn: PolicyTurn, said: WireMessage) {
    guard let decoded = try? JSONDecoder().decode(ChatCompletionAnswer.self, from: answer.body)
    else {
      throw failure("sent something that is not a chat completion\(excerpt(answer.body))")
    }
    return try read(decoded)
  }

  private func read(
    _ decoded: ChatCompletionAnswer
  ) throws -> (turn: PolicyTurn, said: WireMessage) {
    guard var turn = decoded.turn, let said = decoded.said else {
      throw failure("sent a completion without choices")
    }
    // An endpoint that repeats the key must not bring it into transcripts.
    turn.text = key.inSpeech.redacted(turn.text)
    return (turn, said)
  }

  /// A full context is an end of the episode; any other refusal is an error.
  private func refuse(
    _ answer: HTTPExchange.Answer, body: Data
  ) throws -> (turn: PolicyTurn, said: WireMessage) {
    if isContextOverflow(body) {
      return (PolicyTurn(text: "", finish: .contextFull), WireMessage(said: "", calls: []))
    }
    throw failure("answered \(answer.status)\(detail(body))")
  }

  private func isContextOverflow(_ body: Data) -> Bool {
    (try? JSONDecoder().decode(ChatCompletionFailure.self, from: body))?.isContextOverflow == true
  }

  private func detail(_ body: Data) -> String {
    let known = try? JSONDecoder().decode(ChatCompletionFailure.self, from: body)
    guard let message = known?.error.message else { return excerpt(body) }
    return excerpt(Data(message.utf8))
  }

  /// The beginning of what came, on one line, never with the key in it.
  private func excerpt(_ body: Data) -> String {
    guard !body.isEmpty else { return "" }
    // A cut before that could leave a part of the key.
    let clean = key.redacted(String(decoding: body, as: UTF8.self))
    let text = String(decoding: clean.utf8.prefix(4_000), as: UTF8.self)
    let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return ": " + VisibleText.escaped(String(line.prefix(200)))
  }

  private func failure(_ what: String) -> RemotePolicyError {
    // A query may hold a key of its own: it is left out.
    let port = endpoint.port.map { ":\($0)" } ?? ""
    return RemotePolicyError(
      "\(endpoint.scheme ?? "")://\(endpoint.host ?? "")\(port)\(endpoint.path) \(what)")
  }
}

/// Why a remote endpoint can't be used, as one sentence.
public struct RemotePolicyError: Error, CustomStringConvertible, Equatable {
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}

extension RemotePolicy.Abilities {
  /// Takes back the first thing that an endpoint may have refused a request for: some don't stream, or don't count
  /// what they stream, and some know no tools. False if nothing is left to take back.
  fileprivate mutating func lose(whatIsUnusedIn messages: [WireMessage]) -> Bool {
    if streams {
      streams = false
    } else if callsTools, !messages.hasCalls {
      callsTools = false
    } else {
      return false
    }
    return true
  }
}

extension [WireMessage] {
  fileprivate var hasCalls: Bool { contains { !$0.calls.isEmpty } }

  /// With the tools in the first message, as Hermes and Qwen models are told of them: for servers that know none.
  fileprivate func telling(_ tools: [ToolDefinition]) throws -> [WireMessage] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let lines = try tools.map { String(decoding: try encoder.encode($0.function), as: UTF8.self) }
    var told = self
    guard !told.isEmpty else { return told }
    told[0].content += """
      \n\nThe tools:
      \(lines.joined(separator: "\n"))
      Write a call as JSON, for example:
      \(HermesDialect.example)
      """
    return told
  }
}

/// The conversation so far; the endpoint itself remembers nothing.
private actor RemoteSession: PolicySession {
  private let policy: RemotePolicy
  private var seed: UInt64
  private let tools: [ToolDefinition]
  private var messages: [WireMessage] = []
  private var abilities: RemotePolicy.Abilities
  /// What the model said, forgotten or not, and whether any of it was a call of a tool.
  private var (replies, hasCalled) = (0, false)

  init(policy: RemotePolicy, seed: UInt64, tools: [ToolDefinition]) {
    self.policy = policy
    self.seed = seed
    self.tools = tools
    abilities = RemotePolicy.Abilities(
      streams: policy.onText != nil, callsTools: !tools.isEmpty)
  }

  func recall(_ newMessages: [ChatMessage], _ action: PolicyTurn) -> PolicyTurn {
    add(newMessages)
    let known = tools.isEmpty ? nil : NativeCall.read(action.text, id: "call_\(messages.count)")
    add(WireMessage(said: known?.said ?? action.text, calls: known.map { [$0.call] } ?? []))
    return PolicyTurn(text: action.text, finish: action.finish, usage: action.usage)
  }

  func act(_ newMessages: [ChatMessage], maxTokens: Int) async throws -> PolicyTurn {
    add(newMessages)
    var abilities = abilities
    let (turn, said) = try await policy.complete(
      messages, tools: tools, seed: seed, maxTokens: maxTokens, abilities: &abilities)
    add(said)
    // A server that takes tools and tells its model nothing of them: once may be the model's own fault.
    if replies > 1, !hasCalled { abilities.callsTools = false }
    self.abilities = abilities
    return turn
  }

  func forget(seed: UInt64) {
    messages = []
    self.seed = seed
  }

  private func add(_ said: WireMessage) {
    messages.append(said)
    replies += 1
    hasCalled = hasCalled || !said.calls.isEmpty
  }

  /// What follows calls answers each of them.
  private func add(_ new: [ChatMessage]) {
    guard let calls = messages.last?.calls, let first = new.first, !calls.isEmpty else {
      messages += new.map(WireMessage.init)
      return
    }
    messages += calls.map { WireMessage(answer: first.content, to: $0) }
    messages += new.dropFirst().map(WireMessage.init)
  }
}
