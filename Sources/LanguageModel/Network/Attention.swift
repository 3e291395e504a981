/// One sequence's part of an attention call: its new queries, and all its keys and values so far.
package struct AttentionSpan: @unchecked Sendable {
  /// First row of this sequence in the packed batch, and how many rows it has there.
  let firstRow: Int
  let queryCount: Int
  /// Keys before the first query: the trunk's length in training, the cache's in generation.
  let past: Int
  let storage: Storage

  enum Storage {
    /// [N, kvHeads·D] each, of the whole batch: the span's own rows, and before them the `past` rows from
    /// `trunk` on, which other spans may share.
    case rows(keys: Matrix, values: Matrix, trunk: Int)
    /// A layer of a cache, whose pages hold `past + queryCount` tokens.
    case cache(KVCache, layer: Int)
  }

  /// Keys and values [N, kvHeads·D] of a batch in fp32, of which the span's own begin at `firstRow`.
  ///
  /// - trunk: rows of the batch that the sequence begins with; its own follow them.
  package init(
    firstRow: Int, queryCount: Int, trunk: Range<Int> = 0..<0, keys: Matrix, values: Matrix
  ) {
    precondition(keys.stride == values.stride)
    self.firstRow = firstRow
    self.queryCount = queryCount
    past = trunk.count
    storage = .rows(keys: keys, values: values, trunk: trunk.lowerBound)
  }

  /// A cache that already holds this layer's keys and values of the new tokens, beyond its `count`.
  package init(firstRow: Int, queryCount: Int, cache: KVCache, layer: Int) {
    self.firstRow = firstRow
    self.queryCount = queryCount
    past = cache.count
    storage = .cache(cache, layer: layer)
  }
}

/// Causal attention with grouped key-value heads, in blocks: no T × T matrix is kept. Backward
/// recomputes each block's probabilities from the kept log-sum-exp (FlashAttention, arXiv
/// 2205.14135). In fp32 BLAS does a block's products; in bf16 our own kernels do everything.
package struct Attention {
  let heads: Int
  let kvHeads: Int
  let headSize: Int
  let precision: Precision
  /// Where a training batch's keys and values are rounded to.
  let scratch: ScratchBuffer

  /// `precision` decides about keys in rows; caches are used in their own.
  package init(
    heads: Int, kvHeads: Int, headSize: Int, precision: Precision = .fp32,
    scratch: ScratchBuffer = ScratchBuffer()
  ) {
    self.heads = heads
    self.kvHeads = kvHeads
    self.headSize = headSize
    self.precision = precision
    self.scratch = scratch
  }

  var scale: Float { 1 / Float(headSize).squareRoot() }

  /// q [N, heads·D] → output [N, heads·D]; `logSumExp` [N, heads] is kept for backward. All spans
  /// have keys of the same kind.
  package func forward(
    q: Matrix, spans: [AttentionSpan], into output: Matrix,
    logSumExp: UnsafeMutablePointer<Float>
  ) {
    guard let first = spans.first else { return }
    let half: Bool
    switch first.storage {
    case .rows: half = precision != .fp32
    case .cache(let cache, _): half = cache.layout.isHalf
    }
    if half {
      forwardHalf(q: q, spans: spans, into: output, logSumExp: logSumExp)
    } else {
      forwardFull(q: q, spans: spans, into: output, logSumExp: logSumExp)
    }
  }

  /// dOutput [N, heads·D] → dq [N, heads·D], dk and dv [N, kvHeads·D] (all overwritten).
  /// Training spans only: their keys stand in the batch's own rows.
  package func backward(
    q: Matrix, spans: [AttentionSpan], output: Matrix, logSumExp: UnsafePointer<Float>,
    dOutput: Matrix, dq: Matrix, dk: Matrix, dv: Matrix
  ) {
    if precision == .fp32 {
      backwardFull(
        q: q, spans: spans, output: output, logSumExp: logSumExp, dOutput: dOutput, dq: dq, dk: dk,
        dv: dv)
    } else {
      backwardHalf(
        q: q, spans: spans, output: output, logSumExp: logSumExp, dOutput: dOutput, dq: dq, dk: dk,
        dv: dv)
    }
  }
}
