import Foundation

/// One sequence's part of an attention call: its new queries, and all its keys and values so far.
package struct AttentionSpan: @unchecked Sendable {
  /// First row of this sequence in the packed batch, and how many rows it has there.
  var firstRow: Int
  var queryCount: Int
  /// Keys before the first query: 0 in training, the cache's length in generation.
  var past: Int
  /// [past + queryCount, kvHeads·D], rows `stride` apart.
  var keys: UnsafeMutablePointer<Float>
  var values: UnsafeMutablePointer<Float>
  var stride: Int

  package init(
    firstRow: Int, queryCount: Int, past: Int, keys: UnsafeMutablePointer<Float>,
    values: UnsafeMutablePointer<Float>, stride: Int
  ) {
    self.firstRow = firstRow
    self.queryCount = queryCount
    self.past = past
    self.keys = keys
    self.values = values
    self.stride = stride
  }
}

/// Causal attention with grouped key-value heads, in blocks of queries: no T × T matrix is kept.
/// Backward recomputes each block's probabilities from the kept log-sum-exp (FlashAttention,
/// arXiv 2205.14135, with BLAS doing a block's products).
package struct Attention {
  let heads: Int
  let kvHeads: Int
  let headSize: Int

  package init(heads: Int, kvHeads: Int, headSize: Int) {
    self.heads = heads
    self.kvHeads = kvHeads
    self.headSize = headSize
  }

  private static let block = 64
  private var scale: Float { 1 / Float(headSize).squareRoot() }

  /// q [N, heads·D] → output [N, heads·D]; `logSumExp` [N, heads] is kept for backward.
  package func forward(
    q: Matrix, spans: [AttentionSpan], into output: Matrix,
    logSumExp: UnsafeMutablePointer<Float>
  ) {
    MatMul.singleThreaded {
      parallelItems(spans.count * heads) { item in
        let span = spans[item / heads]
        let head = item % heads
        if span.queryCount == 1 {
          decode(q, span, head, into: output, logSumExp)
        } else {
          forwardHead(q, span, head, into: output, logSumExp)
        }
      }
    }
  }

  /// One query against the cache: memory-bound, so plain dot products do.
  private func decode(
    _ q: Matrix, _ span: AttentionSpan, _ head: Int, into output: Matrix,
    _ logSumExp: UnsafeMutablePointer<Float>
  ) {
    let count = span.past + 1
    let offset = head / (heads / kvHeads) * headSize
    let query = q.row(span.firstRow) + head * headSize
    let target = output.row(span.firstRow) + head * headSize
    withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { scores in
      let p = scores.baseAddress!
      for t in 0..<count {
        p[t] = scale * dot(query, span.keys + t * span.stride + offset, headSize)
      }
      let top = maximum(p, count)
      let total = exponentiate(p, shift: top, count)
      logSumExp[span.firstRow * heads + head] = top + log(total)
      target.update(repeating: 0, count: headSize)
      for t in 0..<count {
        addScaled(
          span.values + t * span.stride + offset, scale: p[t] / total, to: target, headSize)
      }
    }
  }

  private func forwardHead(
    _ q: Matrix, _ span: AttentionSpan, _ head: Int, into output: Matrix,
    _ logSumExp: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(
      of: Float.self, capacity: Self.block * (span.past + span.queryCount)
    ) { scratch in
      forEachBlock(span) { rows, visible in
        let p = Matrix(scratch.baseAddress!, rows: rows.count, columns: visible)
        let (keys, values) = keysAndValues(span, head, visible)
        MatMul.gemm(
          slice(q, rows, span, head), keys, transposeB: true, into: p, alpha: scale, threads: .one)
        for (index, row) in rows.enumerated() {
          let scores = p.row(index)
          let count = span.past + row + 1
          let top = maximum(scores, count)
          let total = exponentiate(scores, shift: top, count)
          logSumExp[(span.firstRow + row) * heads + head] = top + log(total)
          let inverse = 1 / total
          for t in 0..<count { scores[t] *= inverse }
          (scores + count).update(repeating: 0, count: visible - count)
        }
        MatMul.gemm(p, values, into: slice(output, rows, span, head), threads: .one)
      }
    }
  }

  /// dOutput [N, heads·D] → dq [N, heads·D], dk and dv [N, kvHeads·D] (all overwritten).
  /// Training spans only: their keys stand in the batch's own rows.
  package func backward(
    q: Matrix, spans: [AttentionSpan], output: Matrix, logSumExp: UnsafePointer<Float>,
    dOutput: Matrix, dq: Matrix, dk: Matrix, dv: Matrix
  ) {
    MatMul.singleThreaded {
      parallelItems(spans.count * kvHeads) { item in
        let span = spans[item / kvHeads]
        precondition(span.past == 0)
        backwardHead(
          q, span, item % kvHeads, output, logSumExp, dOutput, dq: dq, dk: dk, dv: dv)
      }
    }
  }

  private func backwardHead(
    _ q: Matrix, _ span: AttentionSpan, _ kvHead: Int, _ output: Matrix,
    _ logSumExp: UnsafePointer<Float>, _ dOutput: Matrix, dq: Matrix, dk: Matrix, dv: Matrix
  ) {
    let group = heads / kvHeads
    let all = span.firstRow..<span.firstRow + span.queryCount
    let columns = kvHead * headSize..<(kvHead + 1) * headSize
    let (dKeys, dValues) = (dk.rows(all).columns(columns), dv.rows(all).columns(columns))
    for row in 0..<span.queryCount {
      dKeys.row(row).update(repeating: 0, count: headSize)
      dValues.row(row).update(repeating: 0, count: headSize)
    }
    let size = Self.block * span.queryCount
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * size) { scratch in
      for head in kvHead * group..<(kvHead + 1) * group {
        forEachBlock(span) { rows, visible in
          let p = Matrix(scratch.baseAddress!, rows: rows.count, columns: visible)
          let ds = Matrix(scratch.baseAddress! + size, rows: rows.count, columns: visible)
          let (keys, values) = keysAndValues(span, head, visible)
          let (queries, dOut) = (slice(q, rows, span, head), slice(dOutput, rows, span, head))
          let out = slice(output, rows, span, head)
          MatMul.gemm(queries, keys, transposeB: true, into: p, alpha: scale, threads: .one)
          MatMul.gemm(dOut, values, transposeB: true, into: ds, threads: .one)
          for (index, row) in rows.enumerated() {
            let (probabilities, gradient) = (p.row(index), ds.row(index))
            let count = row + 1
            _ = exponentiate(
              probabilities, shift: logSumExp[(span.firstRow + row) * heads + head], count)
            let mean = dot(dOut.row(index), out.row(index), headSize)
            for t in 0..<count { gradient[t] = probabilities[t] * (gradient[t] - mean) * scale }
            (probabilities + count).update(repeating: 0, count: visible - count)
            (gradient + count).update(repeating: 0, count: visible - count)
          }
          MatMul.gemm(ds, keys, into: slice(dq, rows, span, head), threads: .one)
          MatMul.gemm(
            ds, transposeA: true, queries, into: dKeys.rows(0..<visible), beta: 1, threads: .one)
          MatMul.gemm(
            p, transposeA: true, dOut, into: dValues.rows(0..<visible), beta: 1, threads: .one)
        }
      }
    }
  }

  /// Query rows `rows` of the span's own (0 is its first new row), and how many keys they may see.
  private func forEachBlock(_ span: AttentionSpan, _ body: (Range<Int>, Int) -> Void) {
    for start in stride(from: 0, to: span.queryCount, by: Self.block) {
      let end = min(start + Self.block, span.queryCount)
      body(start..<end, span.past + end)
    }
  }

  private func slice(_ x: Matrix, _ rows: Range<Int>, _ span: AttentionSpan, _ head: Int) -> Matrix
  {
    x.rows(span.firstRow + rows.lowerBound..<span.firstRow + rows.upperBound)
      .columns(head * headSize..<(head + 1) * headSize)
  }

  private func keysAndValues(_ span: AttentionSpan, _ head: Int, _ count: Int) -> (Matrix, Matrix) {
    let offset = head / (heads / kvHeads) * headSize
    return (
      Matrix(span.keys + offset, rows: count, columns: headSize, stride: span.stride),
      Matrix(span.values + offset, rows: count, columns: headSize, stride: span.stride)
    )
  }
}
