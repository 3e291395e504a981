import Agent
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import LanguageModel
import Logging
import NIOCore
import Synchronization

/// A policy behind OpenAI's API: `/v1/models`, `/v1/chat/completions`, `/v1/completions`, `/health`.
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

    public init() {}
  }

  private let model: ServedModel
  private let options: Options
  private let answerer: Answerer
  private let slots: Slots
  /// Told of each request's end, a line.
  private let log: @Sendable (String) -> Void

  public init(
    _ model: ServedModel, options: Options, log: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.model = model
    self.options = options
    answerer = Answerer(model: model)
    slots = Slots(count: options.parallel)
    // What clients wrote stands in some lines.
    self.log = { log(VisibleText.escaped($0).replacing("\n", with: "\\n")) }
  }

  /// Serves until the task is cancelled.
  ///
  /// - started: called with the port once requests are taken.
  /// - Throws: `POSIXError` where the address can't be listened on.
  public func run(started: @escaping @Sendable (Int) -> Void) async throws {
    var logger = Logger(label: "hindsight.serve")
    logger.logLevel = .critical
    let router = Router()
    router.get("health") { request, _ in await handle(request, isOpen: true) { try health() } }
    router.get("v1/models") { request, _ in await handle(request) { try models() } }
    router.post("v1/chat/completions") { request, _ in
      await handle(request) { try await chat(request) }
    }
    router.post("v1/completions") { request, _ in
      await handle(request) { try await complete(request) }
    }
    for path in ["**", "/"] {
      for method in [HTTPRequest.Method.get, .post, .put, .delete, .patch] {
        router.on(RouterPath(path), method: method) { request, _ in
          await handle(request) {
            throw APIError(
              status: 404, message: "there is no \(request.method.rawValue) \(request.uri.path)")
          }
        }
      }
    }
    let application = Application(
      router: router,
      // A request that stops coming must not hold its place for ever.
      server: .http1(configuration: HTTP1Channel.Configuration(idleTimeout: .seconds(60))),
      configuration: ApplicationConfiguration(
        address: .hostname(options.host, port: options.port)),
      onServerRunning: { channel in started(channel.localAddress?.port ?? options.port) },
      logger: logger)
    do {
      try await application.run()
    } catch let error as IOError {
      throw POSIXError(POSIXErrorCode(rawValue: error.errnoCode) ?? .EIO)
    }
  }

  // MARK: Endpoints

  private struct Health: Encodable {
    var status = "ok"
  }

  private func health() throws -> Response { try Self.json(Health()) }

  private struct ModelList: Encodable {
    struct Model: Encodable {
      var id: String
      var object = "model"
      var created = 0
      var ownedBy = "hindsight"
      var maxModelLen: Int

      enum CodingKeys: String, CodingKey {
        case id, object, created
        case ownedBy = "owned_by"
        case maxModelLen = "max_model_len"
      }
    }
    var object = "list"
    var data: [Model]
  }

  private func models() throws -> Response {
    try Self.json(
      ModelList(
        data: [ModelList.Model(id: model.name, maxModelLen: model.engine.config.contextLength)]))
  }

  private func chat(_ request: Request) async throws -> Response {
    var request = request
    let slot = try slots.take()
    let chat = try await decode(ChatRequest.self, of: &request)
    let prompt = model.chatFormat.encode(
      chat.messages, addGenerationPrompt: true, tokenizer: model.tokenizer)
    return try await answer(
      [prompt], chat.options, topLogprobs: chat.topLogprobs, isChat: true,
      hasTools: !chat.tools.isEmpty, request: request, slot: slot)
  }

  private func complete(_ request: Request) async throws -> Response {
    var request = request
    let slot = try slots.take()
    let completion = try await decode(CompletionRequest.self, of: &request)
    let prompts = completion.prompts.map { prompt in
      switch prompt {
      // As other servers do it: who sends the whole prompt writes its special tokens too.
      case .text(let text): model.tokenizer.encode(text, recognisingSpecial: true)
      case .tokens(let tokens): tokens
      }
    }
    return try await answer(
      prompts, completion.options, topLogprobs: completion.logprobs, isChat: false,
      hasTools: false, request: request, slot: slot)
  }

  private func answer(
    _ prompts: [[TokenID]], _ options: AnswerOptions, topLogprobs: Int?, isChat: Bool,
    hasTools: Bool, request: Request, slot: Slots.Slot
  ) async throws -> Response {
    for prompt in prompts { try answerer.check(prompt) }
    if options.streams, options.returnsTokenIDs {
      throw APIError.invalid(
        "return_token_ids", "'return_token_ids' goes with 'stream': false only")
    }
    let form = AnswerForm(
      isChat: isChat, hasTools: hasTools, hasLogprobs: topLogprobs != nil,
      hasTokenIDs: options.returnsTokenIDs, model: model)
    let tally = Tally(
      usage: Usage(promptTokens: prompts.reduce(0) { $0 + $1.count }), path: request.uri.path,
      log: log)
    let events = answerer.answers(to: prompts, options, topLogprobs: topLogprobs ?? 0)
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

  private func decode<Value: Decodable>(
    _ type: Value.Type, of request: inout Request
  ) async throws -> Value {
    let buffer = try await request.collectBody(upTo: options.bodyBytes)
    return try JSONDecoder().decode(type, from: Data(buffer.readableBytesView))
  }

  /// Every failure becomes an answer in the API's form.
  private func handle(
    _ request: Request, isOpen: Bool = false, _ body: () async throws -> Response
  ) async -> Response {
    do {
      if !isOpen { try authorise(request) }
      return try await body()
    } catch {
      let refusal = refusal(error)
      log("\(request.uri.path) \(refusal.status): \(refusal.message)")
      var headers: HTTPFields = [.contentType: "application/json"]
      if refusal.status == 429 { headers[.retryAfter] = "1" }
      if refusal.status == 401 { headers[.wwwAuthenticate] = "Bearer" }
      return Response(
        status: .init(code: refusal.status), headers: headers,
        body: .init(byteBuffer: ByteBuffer(bytes: refusal.body)))
    }
  }

  private func refusal(_ error: any Error) -> APIError {
    switch error {
    case let error as APIError: return error
    case let error as DecodingError: return APIError(error)
    case is NIOTooManyBytesError: return tooLarge
    case let error as any HTTPResponseError where error.status == .contentTooLarge: return tooLarge
    case is CancellationError:
      return APIError(status: 499, message: "the client has gone", type: "server_error")
    default:
      return APIError(status: 500, message: "\(error)", type: "server_error")
    }
  }

  private var tooLarge: APIError {
    APIError(status: 413, message: "the request has more than \(options.bodyBytes) bytes")
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
        code: "invalid_api_key")
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

/// How many requests may be worked on.
private final class Slots: Sendable {
  private let free: Mutex<Int>
  private let count: Int

  init(count: Int) {
    self.count = count
    free = Mutex(count)
  }

  /// Gives its place back when nobody holds it any more, also where an answer was never written.
  final class Slot: Sendable {
    private let slots: Slots

    init(_ slots: Slots) { self.slots = slots }

    deinit { slots.free.withLock { $0 += 1 } }
  }

  func take() throws(APIError) -> Slot {
    let isFree = free.withLock { free in
      guard free > 0 else { return false }
      free -= 1
      return true
    }
    guard isFree else {
      throw APIError(
        status: 429, message: "\(count) requests are being worked on; try again later",
        type: "rate_limit_error", code: "rate_limit_exceeded")
    }
    return Slot(self)
  }
}
