import Agent
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import LanguageModel
import Logging
import NIOCore

/// A policy behind OpenAI's API; `Route` lists what can be asked.
public struct APIServer: Sendable {
  public struct Options: Sendable {
    public var host = "127.0.0.1"
    /// 0 takes any that is free.
    public var port = 8080
    /// Clients must send it as `Authorization: Bearer …`; nil: anybody may ask.
    public var key: String?
    /// Requests that are worked on at a time; more are sent away with 429.
    public var parallel = 16
    /// A request above this is refused.
    public var bodyBytes = 8 << 20
    /// A request whose body isn't all there by then is refused.
    public var bodyDeadline = Duration.seconds(30)

    public init() {}
  }

  private let model: ServedModel
  private let options: Options
  private let answerer: Answerer
  private let slots: Slots
  /// Bodies on their way: more of them than places, since some stall, but not without bound, since all take memory.
  private let bodies: Slots
  /// Told of each request's end, a line.
  private let log: @Sendable (String) -> Void

  public init(
    _ model: ServedModel, options: Options, log: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.model = model
    self.options = options
    answerer = Answerer(model: model)
    slots = Slots(count: options.parallel)
    bodies = Slots(count: 4 * options.parallel)
    // What clients wrote stands in some lines.
    self.log = { log(VisibleText.escaped($0).replacing("\n", with: "\\n")) }
  }

  /// Serves until the task is cancelled.
  ///
  /// - started: called once requests are taken, with the port and whether this machine alone can reach it.
  /// - Throws: `ListenError` where the address can't be listened on.
  public func run(
    started: @escaping @Sendable (_ port: Int, _ isLoopback: Bool) -> Void
  ) async throws {
    var logger = Logger(label: "hindsight.serve")
    logger.logLevel = .critical
    let application = Application(
      responder: CallbackResponder<BasicRequestContext> { request, _ in
        await respond(to: request)
      },
      // Who sends nothing must not hold a connection for ever.
      server: .http1(configuration: HTTP1Channel.Configuration(idleTimeout: .seconds(60))),
      configuration: ApplicationConfiguration(
        address: .hostname(options.host, port: options.port)),
      onServerRunning: { channel in
        let address = channel.localAddress
        started(address?.port ?? options.port, address?.isLoopback ?? false)
      },
      logger: logger)
    do {
      try await application.run()
    } catch {
      if let problem = ListenError(error, host: options.host, port: options.port) { throw problem }
      throw error
    }
  }

  // MARK: Endpoints

  /// Every failure becomes an answer in the API's form.
  private func respond(to request: Request) async -> Response {
    let response: Response
    do {
      response = try await dispatch(request)
    } catch {
      let refusal = APIError(refusing: error, bodyBytes: options.bodyBytes)
      log("\(request.uri.path) \(refusal.status): \(refusal.message)")
      response = refusal.response
    }
    return request.method == .head ? response.createHeadResponse() : response
  }

  private func dispatch(_ request: Request) async throws -> Response {
    let path = request.uri.path
    let found = Route(path: path)
    // Anybody may ask whether it lives.
    if found != .health { try authorise(request) }
    guard let route = found else {
      throw APIError(status: 404, message: "there is no \(path)", code: "unknown_url")
    }
    let asked = request.method
    guard asked == route.method || (asked == .head && route.method == .get) else {
      throw APIError(
        status: 405, message: "\(path) takes \(route.method.rawValue), not \(asked.rawValue)",
        code: "method_not_supported", headers: [.allow: route.method.rawValue])
    }
    switch route {
    case .health: return try Self.json(["status": "ok"])
    case .models: return try Self.json(ModelList(data: [ModelObject(model)]))
    case .model(let name):
      guard name == model.name else {
        throw APIError(
          status: 404, message: "there is no model \(name), only \(model.name)", param: "model",
          code: "model_not_found")
      }
      return try Self.json(ModelObject(model))
    case .chat: return try await chat(request)
    case .completions: return try await complete(request)
    }
  }

  private func chat(_ request: Request) async throws -> Response {
    var request = request
    let (chat, slot) = try await receive(ChatRequest.self, &request)
    var prompt = model.chatFormat.encode(
      chat.messages, addGenerationPrompt: true, tokenizer: model.tokenizer)
    var calls = chat.forcedCalls.map { CallBeginning(ofCallTo: $0, model.tokenizer) }
    prompt += calls.removeShared()
    let form = AnswerForm(
      isChat: true, hasTools: !chat.tools.isEmpty, hasLogprobs: chat.topLogprobs != nil,
      hasTokenIDs: chat.options.returnsTokenIDs, model: model)
    return try await answer(
      [prompt], chat.options, topLogprobs: chat.topLogprobs ?? 0, calls: calls, form, request, slot)
  }

  private func complete(_ request: Request) async throws -> Response {
    var request = request
    let (completion, slot) = try await receive(CompletionRequest.self, &request)
    let prompts = completion.prompts.map { prompt in
      switch prompt {
      // As other servers do it: who sends the whole prompt writes its special tokens too.
      case .text(let text): model.tokenizer.encode(text, recognisingSpecial: true)
      case .tokens(let tokens): tokens
      }
    }
    let form = AnswerForm(
      isChat: false, hasTools: false, hasLogprobs: completion.logprobs != nil,
      hasTokenIDs: completion.options.returnsTokenIDs, model: model)
    return try await answer(
      prompts, completion.options, topLogprobs: completion.logprobs ?? 0, form, request, slot)
  }

  private func answer(
    _ prompts: [[TokenID]], _ options: AnswerOptions, topLogprobs: Int,
    calls: [CallBeginning] = [], _ form: AnswerForm, _ request: Request, _ slot: Slots.Slot
  ) async throws -> Response {
    // Whichever call is drawn.
    let longest = calls.map(\.tokens).max { $0.count < $1.count } ?? []
    for prompt in prompts { try answerer.check(prompt + longest) }
    if options.streams, options.returnsTokenIDs {
      throw APIError.invalid(
        "return_token_ids", "'return_token_ids' goes with 'stream': false only")
    }
    let tally = Tally(
      usage: Usage(promptTokens: prompts.reduce(0) { $0 + $1.count }), path: request.uri.path,
      log: log)
    let events = answerer.answers(to: prompts, options, topLogprobs: topLogprobs, calls: calls)
    let count = prompts.count * options.count
    if options.streams {
      return stream(events, form, options, count: count, tally, slot, request)
    }
    return try await request.body.consumeWithCancellationOnInboundClose { _ in
      defer { withExtendedLifetime(slot) {} }
      var tally = tally
      var answers = [Answer](repeating: Answer(), count: count)
      for await event in events { answers.add(event, &tally) }
      try Task.checkCancellation()
      tally.report()
      var response = try Self.json(form.whole(answers, prompts: prompts, usage: tally.usage))
      response.headers[.connection] = "close"
      return response
    }
  }

  /// Server-sent events, a piece each.
  private func stream(
    _ events: AsyncStream<AnswerEvent>, _ form: AnswerForm, _ options: AnswerOptions, count: Int,
    _ tally: Tally, _ slot: Slots.Slot, _ request: Request
  ) -> Response {
    let body = request.body
    return Response(
      status: .ok,
      headers: [
        .contentType: "text/event-stream", .cacheControl: "no-cache", .connection: "close",
      ],
      body: ResponseBody { writer in
        defer { withExtendedLifetime(slot) {} }
        var tally = tally
        var answers = [Answer](repeating: Answer(), count: count)
        // A client that goes ends the work, whether anything is being written or not.
        try await body.consumeWithCancellationOnInboundClose { _ in
          for choice in 0..<count {
            if let start = form.start(choice: choice) { try await writer.write(Self.event(start)) }
          }
          for await event in events {
            for piece in answers.pieces(of: event, form) {
              try await writer.write(Self.event(piece))
            }
            answers.add(event, &tally)
          }
          try Task.checkCancellation()
          if options.streamsUsage { try await writer.write(Self.event(form.usage(tally.usage))) }
          try await writer.write(ByteBuffer(string: "data: [DONE]\n\n"))
        }
        tally.report()
        try await writer.finish(nil)
      })
  }

  // MARK: Requests and responses

  /// The body, and a place to work on it. The place is taken once all of the body is there, so that a client that
  /// stalls holds none.
  private func receive<Value: Decodable>(
    _ type: Value.Type, _ request: inout Request
  ) async throws -> (Value, Slots.Slot) {
    // Nobody waits for what will be refused.
    let length = request.headers[.contentLength].flatMap { UInt64($0) } ?? 0
    guard length <= options.bodyBytes else {
      throw NIOTooManyBytesError(maxBytes: options.bodyBytes)
    }
    let arriving = try bodies.take()
    defer { withExtendedLifetime(arriving) {} }
    let (body, bytes, deadline) = (request.body, options.bodyBytes, options.bodyDeadline)
    let buffer = try await withDeadline(
      ContinuousClock.now + deadline,
      expired: APIError(
        status: 408, message: "the body wasn't all there after \(deadline)",
        headers: [.connection: "close"])
    ) {
      try await body.collect(upTo: bytes)
    }
    request.body = RequestBody(buffer: buffer)
    let slot = try slots.take()
    return (try JSONDecoder().decode(type, from: Data(buffer.readableBytesView)), slot)
  }

  private func authorise(_ request: Request) throws(APIError) {
    guard let key = options.key else { return }
    let given = Array((request.headers[.authorization] ?? "").utf8)
    let wanted = Array("Bearer \(key)".utf8)
    // The time this takes says nothing of where they differ.
    let difference = zip(given, wanted).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
    guard given.count == wanted.count, difference == 0 else {
      throw APIError(
        status: 401, message: "the key is missing or wrong", type: "authentication_error",
        code: "invalid_api_key", headers: [.wwwAuthenticate: "Bearer"])
    }
  }

  private static func json(_ value: some Encodable) throws -> Response {
    Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: .init(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
  }

  private static func event(_ value: some Encodable) throws -> ByteBuffer {
    var buffer = ByteBuffer(string: "data: ")
    buffer.writeBytes(try encoder.encode(value))
    buffer.writeString("\n\n")
    return buffer
  }

  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }
}

/// What a request has taken so far.
private struct Tally: Sendable {
  var usage: Usage
  let path: String
  let log: @Sendable (String) -> Void
  let start = ContinuousClock.now

  func report() {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    log(
      "\(path) 200: \(usage.promptTokens) + \(usage.completionTokens) tokens, "
        + String(format: "%.2f s", seconds))
  }
}

extension [Answer] {
  /// What a stream tells of an event, before it is added.
  fileprivate func pieces(of event: AnswerEvent, _ form: AnswerForm) -> [AnswerBody] {
    switch event {
    case .called: return []
    case .piece(let choice, let text, let tokens):
      return form.text(text, tokens: tokens, after: self[choice].characters, choice: choice)
        .map { [$0] } ?? []
    case .finished(let choice, let reason, _):
      var answer = self[choice]
      answer.reason = reason
      return form.end(answer, choice: choice)
    }
  }

  fileprivate mutating func add(_ event: AnswerEvent, _ tally: inout Tally) {
    switch event {
    case .called(let choice, let call):
      self[choice].call = call
      tally.usage.promptTokens += call.tokens.count
    case .piece(let choice, let text, let tokens):
      self[choice].text += text
      self[choice].characters += text.unicodeScalars.count
      self[choice].tokens += tokens
    case .finished(let choice, let reason, let tokens):
      self[choice].reason = reason
      tally.usage.completionTokens += tokens
    }
  }
}
