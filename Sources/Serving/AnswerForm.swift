import Foundation
import LanguageModel

/// How one request's answers are told.
struct AnswerForm: Sendable {
  var isChat: Bool
  /// Whether answers may hold calls of tools.
  var hasTools: Bool
  var hasLogprobs: Bool
  var hasTokenIDs: Bool
  var model: ServedModel
  let key = UUID().uuidString.lowercased()
  let created = Int(Date.now.timeIntervalSince1970)

  /// The whole answer.
  ///
  /// - prompts: each has the same number of answers, one prompt's after another's.
  func whole(_ answers: [Answer], prompts: [[TokenID]], usage: Usage) -> AnswerBody {
    let each = max(1, answers.count / max(1, prompts.count))
    func context(_ index: Int) -> [TokenID] {
      prompts[index / each] + (answers[index].call?.tokens ?? [])
    }
    // Whether one context is all answers'.
    let isShared =
      prompts.count == 1
      && answers.allSatisfy { $0.call?.tokens == answers[0].call?.tokens }
    var body = body(
      isChat ? "chat.completion" : "text_completion",
      answers.enumerated().map { index, answer in
        let (message, reason) = message(answer, choice: index, isWhole: true)
        return AnswerBody.Choice(
          index: index, content: isChat ? .message(message) : .text(answer.text),
          logprobs: logprobs(answer.tokens), finishReason: isChat ? reason : answer.reason,
          tokenIDs: hasTokenIDs ? answer.tokens.map(\.token.id) : nil,
          promptTokenIDs: hasTokenIDs && !isShared ? context(index) : nil)
      })
    body.usage = usage
    if hasTokenIDs, isShared { body.promptTokenIDs = context(0) }
    return body
  }

  /// The first piece of a streamed answer; nil where there's nothing to begin with.
  func start(choice: Int) -> AnswerBody? {
    isChat
      ? piece(choice, .delta(AnswerBody.Message(role: "assistant", content: ""))) : nil
  }

  /// A piece of text; nil if nothing of it can be told yet.
  ///
  /// - told: characters of the answer before it.
  func text(_ text: String, tokens: [TokenScore], after told: Int, choice: Int) -> AnswerBody? {
    if hasTools || (text.isEmpty && (!hasLogprobs || tokens.isEmpty)) { return nil }
    return piece(
      choice, isChat ? .delta(AnswerBody.Message(content: text)) : .text(text),
      logprobs: logprobs(tokens, after: told))
  }

  /// The last pieces: where there may be calls, what was held back until they could be read.
  func end(_ answer: Answer, choice: Int) -> [AnswerBody] {
    guard hasTools else {
      return [
        piece(choice, isChat ? .delta(AnswerBody.Message()) : .text(""), reason: answer.reason)
      ]
    }
    let (message, reason) = message(answer, choice: choice, isWhole: false)
    return [
      piece(choice, .delta(message), logprobs: logprobs(answer.tokens)),
      piece(choice, .delta(AnswerBody.Message()), reason: reason),
    ]
  }

  /// What comes after all choices, if the client asked for it.
  func usage(_ usage: Usage) -> AnswerBody {
    var body = body(isChat ? "chat.completion.chunk" : "text_completion", [])
    body.usage = usage
    return body
  }

  private func message(
    _ answer: Answer, choice: Int, isWhole: Bool
  ) -> (AnswerBody.Message, reason: String?) {
    var message = AnswerBody.Message(
      role: isWhole ? "assistant" : nil, content: answer.text, id: "\(key)-\(choice)",
      isWhole: isWhole)
    guard hasTools else { return (message, answer.reason) }
    if let call = answer.call {
      let (arguments, isWhole) = ToolText.arguments(answer.text)
      message.content = nil
      message.calls = [ToolText.Call(name: call.name, arguments: arguments)]
      return (message, isWhole ? "tool_calls" : answer.reason)
    }
    let (text, calls) = ToolText.parse(answer.text)
    guard !calls.isEmpty else { return (message, answer.reason) }
    message.content = text.isEmpty ? nil : text
    message.calls = calls
    return (message, "tool_calls")
  }

  private func logprobs(_ tokens: [TokenScore], after told: Int = 0) -> Logprobs? {
    guard hasLogprobs else { return nil }
    return isChat
      ? .chat(tokens, model.tokenizer) : .plain(tokens, model.tokenizer, offset: told)
  }

  private func piece(
    _ choice: Int, _ content: AnswerBody.Content, logprobs: Logprobs? = nil,
    reason: String? = nil
  ) -> AnswerBody {
    body(
      isChat ? "chat.completion.chunk" : "text_completion",
      [
        AnswerBody.Choice(
          index: choice, content: content, logprobs: logprobs, finishReason: reason)
      ])
  }

  private func body(_ object: String, _ choices: [AnswerBody.Choice]) -> AnswerBody {
    AnswerBody(
      id: (isChat ? "chatcmpl-" : "cmpl-") + key, object: object, created: created,
      model: model.name, choices: choices)
  }
}
