import Foundation

/// A streamed chat completion, put together from its server-sent events.
struct CompletionStream {
  private struct Chunk: Decodable {
    struct Choice: Decodable {
      var index: Int?
      var delta: Delta?
      var finishReason: String?

      enum CodingKeys: String, CodingKey {
        case index, delta
        case finishReason = "finish_reason"
      }
    }

    struct Delta: Decodable {
      var content: String?
      var calls: [Piece]?

      enum CodingKeys: String, CodingKey {
        case content
        case calls = "tool_calls"
      }
    }

    /// A part of a call: the first has its id and name, the others more of its arguments.
    struct Piece: Decodable {
      struct Function: Decodable {
        var name: String?
        /// A text, or an object where a server sends them whole.
        var arguments: JSONValue?
      }
      var index: Int?
      var id: String?
      var function: Function?
    }

    var choices: [Choice]
    var usage: ChatCompletionAnswer.Usage?
  }

  /// Lines whose end hasn't come, and how much of it holds no line break.
  private var rest = Data()
  private var searched = 0
  private var content = ""
  private var calls: [NativeCall] = []
  private var finishReason: String?
  private var usage: ChatCompletionAnswer.Usage?
  private var isDone = false
  private var hasChoice = false
  private var isBroken = false
  /// An event that tells of an error.
  private(set) var failure: Data?

  /// Whether nothing of an answer has come.
  var isEmpty: Bool { content.isEmpty && calls.isEmpty && failure == nil }

  /// The first choice; nil while its end hasn't come, and where an event couldn't be read: what is left would be
  /// another action.
  var answer: ChatCompletionAnswer? {
    guard isDone || finishReason != nil, hasChoice, !isBroken, failure == nil else { return nil }
    let sound = calls.map { call in
      var call = call
      if call.function.arguments.isEmpty { call.function.arguments = "{}" }
      return call
    }
    let message = ChatCompletionAnswer.Choice.Message(
      content: content, calls: sound.isEmpty ? nil : sound)
    return ChatCompletionAnswer(
      choices: [ChatCompletionAnswer.Choice(message: message, finishReason: finishReason)],
      usage: usage)
  }

  /// Takes what came next, cut anywhere. Returns the text in it.
  mutating func add(_ data: Data) -> String {
    rest += data
    var text = ""
    var start = 0
    while let end = rest[searched...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = rest[start..<end]
      text += event(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
      start = end + 1
      searched = start
    }
    if start > 0 { rest = Data(rest[start...]) }
    searched = rest.count
    return text
  }

  private mutating func event(_ line: Data) -> String {
    let prefix = Data("data:".utf8)
    guard line.starts(with: prefix) else { return "" }
    let payload = Data(line.dropFirst(prefix.count).drop { $0 == UInt8(ascii: " ") })
    if payload == Data("[DONE]".utf8) {
      isDone = true
      return ""
    }
    let decoder = JSONDecoder()
    if (try? decoder.decode(ChatCompletionFailure.self, from: payload)) != nil {
      failure = payload
      return ""
    }
    guard let chunk = try? decoder.decode(Chunk.self, from: payload) else {
      isBroken = true
      return ""
    }
    if let known = chunk.usage { usage = known }
    var text = ""
    for choice in chunk.choices where (choice.index ?? 0) == 0 {
      hasChoice = true
      text += choice.delta?.content ?? ""
      for piece in choice.delta?.calls ?? [] { add(piece) }
      if let reason = choice.finishReason, !reason.isEmpty { finishReason = reason }
      if choice.finishReason == "error" { isBroken = true }
    }
    content += text
    return text
  }

  /// Calls come in their order. Without an index, another id begins another call.
  private mutating func add(_ piece: Chunk.Piece) {
    let id = piece.id ?? ""
    var index = piece.index ?? calls.count - 1
    if piece.index == nil, let last = calls.last, !id.isEmpty, id != last.id { index += 1 }
    index = min(max(index, 0), calls.count)
    if index == calls.count {
      calls.append(NativeCall(id: "", function: NativeCall.Function(name: "", arguments: "")))
    }
    if !id.isEmpty { calls[index].id = id }
    if let name = piece.function?.name, !name.isEmpty { calls[index].function.name = name }
    switch piece.function?.arguments ?? .null {
    case .null: break
    case .string(let text): calls[index].function.arguments += text
    case let value:
      let whole = (try? JSONEncoder().encode(value)) ?? Data()
      calls[index].function.arguments = String(decoding: whole, as: UTF8.self)
    }
  }
}
