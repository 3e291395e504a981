import LanguageModel

/// A call that an answer may be made to begin with.
struct CallBeginning: Sendable {
  var name: String
  var tokens: [TokenID]

  init(ofCallTo name: String, _ tokenizer: Tokenizer) {
    self.name = name
    tokens = tokenizer.encode(ToolText.beginning(ofCallTo: name))
  }
}

extension [CallBeginning] {
  /// Takes away the tokens that all of them begin with: of one alone, every token.
  mutating func removeShared() -> [TokenID] {
    guard var shared = first?.tokens else { return [] }
    for call in self {
      shared.removeLast(shared.count - zip(shared, call.tokens).prefix { $0 == $1 }.count)
    }
    for index in indices { self[index].tokens.removeFirst(shared.count) }
    return shared
  }
}

extension Answerer {
  /// Draws a call token by token, as the rest of the answer is drawn, from what the calls leave open; the model is
  /// asked only where they part. Nil: there are none.
  func chooseCall(
    among calls: [CallBeginning], after prompt: [TokenID], _ sampling: SamplingParameters,
    random: inout SplitMix64
  ) async -> CallBeginning? {
    var left = calls
    var place = 0
    while left.count > 1 {
      // In the tools' order, so that a seed draws the same again.
      var open: [TokenID] = []
      for call in left where place < call.tokens.count && !open.contains(call.tokens[place]) {
        open.append(call.tokens[place])
      }
      // The same tool, given twice.
      guard var token = open.first else { break }
      if open.count > 1 {
        token = await chooseToken(
          among: open, after: prompt + left[0].tokens[..<place], sampling, random: &random)
      }
      left.removeAll { place >= $0.tokens.count || $0.tokens[place] != token }
      place += 1
    }
    return left.first
  }

  private func chooseToken(
    among open: [TokenID], after context: [TokenID], _ sampling: SamplingParameters,
    random: inout SplitMix64
  ) async -> TokenID {
    var request = GenerationRequest(
      tokens: context, adapter: model.adapter, sampling: sampling, random: random,
      stopTokens: [], maxTokens: 1)
    request.allowed = open
    let drawn = await model.engine.generate(request)
    random = drawn.random
    // None where the context is full, or the client has gone.
    return drawn.tokens.first?.id ?? open[0]
  }
}
