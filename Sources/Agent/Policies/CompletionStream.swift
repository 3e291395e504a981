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
        var arguments: String?
      }
      var index: Int?
      var id: String?
      var function: Function?
    }

    var choices: [Choice]?
    var usage: ChatCompletionAnswer.Usage?
  }

  private var partialLine = Data()
  private var content = ""
  private var calls: [NativeCall] = []
  private var finishReason: String?
  private var usage: ChatCompletionAnswer.Usage?
  private var isComplete = false
  /// An event that is an error instead of a piece.
  private(set) var failure: Data?

  /// The first choice; nil while its end hasn't come.
  var answer: ChatCompletionAnswer? {
    guard isComplete || finishReason != nil else { return nil }
    let message = ChatCompletionAnswer.Choice.Message(
      content: content, calls: calls.isEmpty ? nil : calls)
    return ChatCompletionAnswer(
      choices: [ChatCompletionAnswer.Choice(message: message, finishReason: finishReason)],
      usage: usage)
  }

  /// Takes what came next, cut anywhere. Returns the text in it.
  mutating func add(_ data: Data) -> String {
    var text = ""
    partialLine += data
    while let end = partialLine.firstIndex(of: UInt8(ascii: "\n")) {
      let line = partialLine[..<end]
      text += event(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
      partialLine = Data(partialLine[(end + 1)...])
    }
    return text
  }

  private mutating func event(_ line: Data) -> String {
    let prefix = Data("data:".utf8)
    guard line.starts(with: prefix) else { return "" }
    let payload = Data(line.dropFirst(prefix.count).drop { $0 == UInt8(ascii: " ") })
    if payload == Data("[DONE]".utf8) {
      isComplete = true
      return ""
    }
    let decoder = JSONDecoder()
    guard let chunk = try? decoder.decode(Chunk.self, from: payload) else { return "" }
    if let known = chunk.usage { usage = known }
    guard let choices = chunk.choices else {
      if (try? decoder.decode(ChatCompletionFailure.self, from: payload)) != nil {
        failure = payload
      }
      return ""
    }
    var text = ""
    for choice in choices where (choice.index ?? 0) == 0 {
      text += choice.delta?.content ?? ""
      for piece in choice.delta?.calls ?? [] { add(piece) }
      finishReason = choice.finishReason ?? finishReason
    }
    content += text
    return text
  }

  /// Calls come in their order; an index past the next one is a server's mistake, and the next one is meant.
  private mutating func add(_ piece: Chunk.Piece) {
    let index = min(max(piece.index ?? calls.count - 1, 0), calls.count)
    if index == calls.count {
      calls.append(NativeCall(id: "", function: NativeCall.Function(name: "", arguments: "")))
    }
    calls[index].id += piece.id ?? ""
    calls[index].function.name += piece.function?.name ?? ""
    calls[index].function.arguments += piece.function?.arguments ?? ""
  }
}
