import Foundation

/// How likely a network found a token at its place, and what else it considered.
public struct TokenScore: Sendable, Equatable {
  /// The token that follows in the sequence, or was drawn, and its log-probability given everything before it.
  public var token: SampledToken
  /// The likeliest tokens at that place, best first; ties by id.
  public var top: [SampledToken]
}

extension Transformer {
  /// The log-probability of each next token of a sequence: `tokens.count - 1` scores, the first one
  /// for `tokens[1]`. Under softmax(logits / temperature), over the whole vocabulary.
  ///
  /// - Parameter top: how many of the likeliest tokens to list at every place.
  public func score(
    _ tokens: [TokenID], adapter: LoRAParameters?, temperature: Float = 1, top: Int = 0,
    kernel: MatMulKernel = .invariant
  ) -> [TokenScore] {
    precondition(temperature > 0 && top >= 0)
    guard tokens.count > 1 else { return [] }
    let hidden = extend(
      [
        Input(
          tokens: tokens[..<(tokens.count - 1)], cache: makeCache(),
          wanted: Array(0..<tokens.count - 1))
      ], adapter: adapter, kernel: kernel)
    let vocabulary = config.vocabularySize
    // The vocabulary exists for a few rows at a time.
    let chunk = min(64, tokens.count - 1)
    let buffer = FloatBuffer(count: chunk * vocabulary)
    var scores: [TokenScore] = []
    scores.reserveCapacity(tokens.count - 1)
    for start in stride(from: 0, to: tokens.count - 1, by: chunk) {
      let rows = start..<min(start + chunk, tokens.count - 1)
      let matrix = Matrix(buffer.base, rows: rows.count, columns: vocabulary)
      logits(hidden.matrix.rows(rows), into: matrix, kernel: kernel)
      for row in rows {
        scores.append(
          Self.score(
            UnsafeMutableBufferPointer(start: matrix.row(row - start), count: vocabulary),
            next: tokens[row + 1], temperature: temperature, top: top))
      }
    }
    return scores
  }

  /// Overwrites the logits.
  private static func score(
    _ logits: UnsafeMutableBufferPointer<Float>, next: TokenID, temperature: Float, top: Int
  ) -> TokenScore {
    let p = logits.baseAddress!
    if temperature != 1 {
      let inverse = 1 / temperature
      for i in logits.indices { p[i] *= inverse }
    }
    let chosen = p[Int(next)]
    let best = likeliest(top, of: UnsafeBufferPointer(logits))
    let largest = maximum(p, logits.count)
    let normalizer = largest + log(exponentiate(p, shift: largest, logits.count))
    return TokenScore(
      token: SampledToken(id: next, logprob: chosen - normalizer),
      top: best.map { SampledToken(id: $0.id, logprob: $0.logit - normalizer) })
  }

  /// The largest values, descending, equal ones by index.
  static func likeliest(
    _ count: Int, of logits: UnsafeBufferPointer<Float>
  ) -> [(id: TokenID, logit: Float)] {
    guard count > 0 else { return [] }
    var best: [(id: TokenID, logit: Float)] = []
    for (index, logit) in logits.enumerated() {
      if best.count == count, !(logit > best[count - 1].logit) { continue }
      let place = best.firstIndex { $0.logit < logit } ?? best.count
      if best.count == count { best.removeLast() }
      best.insert((TokenID(index), logit), at: place)
    }
    return best
  }
}
