import Foundation
public import LanguageModel
import Synchronization

/// The policy that is served: a network, perhaps with an adapter.
public struct ServedModel: Sendable {
  /// What clients call it.
  public var name: String
  public var engine: Engine
  public var tokenizer: Tokenizer
  public var chatFormat: ChatFormat
  public var adapter: LoRAParameters?

  public init(
    name: String, engine: Engine, tokenizer: Tokenizer, chatFormat: ChatFormat,
    adapter: LoRAParameters?
  ) {
    self.name = name
    self.engine = engine
    self.tokenizer = tokenizer
    self.chatFormat = chatFormat
    self.adapter = adapter
  }
}

/// A piece of one answer, in the order of its making.
enum AnswerEvent: Sendable {
  /// The call that the answer was made to begin with.
  case called(choice: Int, CallBeginning)
  /// Text that can be shown, and the tokens drawn since the last piece.
  case piece(choice: Int, text: String, tokens: [TokenScore])
  /// - tokens: all that were drawn, the one that ended the answer too.
  case finished(choice: Int, reason: String, tokens: Int)
}

/// Answers prompts: several at a time in one batch, what they begin with computed once.
struct Answerer: Sendable {
  let model: ServedModel

  /// How often a prompt can be answered, and how long.
  ///
  /// - Throws: `APIError` where the prompt leaves no room in the context, or has tokens that aren't any.
  func check(_ prompt: [TokenID]) throws(APIError) {
    let config = model.engine.config
    guard !prompt.isEmpty else { throw .invalid("prompt", "the prompt is empty") }
    if let wrong = prompt.first(where: { !(0..<config.vocabularySize).contains(Int($0)) }) {
      throw .invalid("prompt", "token \(wrong) isn't in the vocabulary of \(config.vocabularySize)")
    }
    guard prompt.count < config.contextLength else {
      throw .invalid(
        "messages",
        "the prompt has \(prompt.count) tokens, and the model's maximum context length is "
          + "\(config.contextLength)", code: "context_length_exceeded")
    }
  }

  /// Answers every prompt `options.count` times; choices are numbered prompt by prompt. Dropping the stream ends
  /// the work.
  ///
  /// - calls: each answer begins with one of them, if there are any.
  func answers(
    to prompts: [[TokenID]], _ options: AnswerOptions, topLogprobs: Int, calls: [CallBeginning]
  ) -> AsyncStream<AnswerEvent> {
    let seed = options.seed ?? UInt64.random(in: .min ... .max)
    return AsyncStream { continuation in
      let task = Task {
        await withTaskGroup(of: Void.self) { group in
          for (number, prompt) in prompts.enumerated() {
            for sample in 0..<options.count {
              let choice = number * options.count + sample
              group.addTask {
                await answer(
                  prompt, options, topLogprobs: topLogprobs, calls: calls, choice: choice,
                  random: SplitMix64(seeds: seed, UInt64(choice)), continuation)
              }
            }
          }
        }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  private func answer(
    _ prompt: [TokenID], _ options: AnswerOptions, topLogprobs: Int, calls: [CallBeginning],
    choice: Int, random: SplitMix64, _ continuation: AsyncStream<AnswerEvent>.Continuation
  ) async {
    var (prompt, random) = (prompt, random)
    if let call = await chooseCall(
      among: calls, after: prompt, options.sampling, random: &random)
    {
      continuation.yield(.called(choice: choice, call))
      prompt += call.tokens
    }
    let stopTokens = [model.chatFormat.endOfTurn] + model.engine.config.endTokens
    let room = model.engine.config.contextLength - prompt.count
    let text = Mutex(
      AnswerText(stops: options.stops, endsWithObject: options.endsWithObject))
    let tokenizer = model.tokenizer
    let result = await model.engine.generate(
      GenerationRequest(
        tokens: prompt, adapter: model.adapter, sampling: options.sampling, random: random,
        stopTokens: stopTokens, maxTokens: min(options.maxTokens ?? room, room),
        topLogprobs: topLogprobs
      ) { score in
        guard !stopTokens.contains(score.token.id) else { return true }
        let isSpecial = tokenizer.isSpecial(score.token.id)
        let bytes = isSpecial ? [] : tokenizer.bytes(of: score.token.id)
        let (piece, isStopped) = text.withLock { ($0.append(bytes), $0.isStopped) }
        continuation.yield(.piece(choice: choice, text: piece, tokens: [score]))
        return !isStopped
      })
    let rest = text.withLock { $0.flush() }
    if !rest.isEmpty { continuation.yield(.piece(choice: choice, text: rest, tokens: [])) }
    model.engine.end(prompt + result.tokens.map(\.id), adapter: model.adapter)
    continuation.yield(
      .finished(
        choice: choice, reason: result.finish == .stop ? "stop" : "length",
        tokens: result.tokens.count))
  }
}
