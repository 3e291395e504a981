import Foundation

// Attention in fp32: the reference. BLAS does a block's products.

extension Attention {
  private static let block = 64

  func forwardFull(
    q: Matrix, spans: [AttentionSpan], into output: Matrix,
    logSumExp: UnsafeMutablePointer<Float>
  ) {
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

  func backwardFull(
    q: Matrix, spans: [AttentionSpan], output: Matrix, logSumExp: UnsafePointer<Float>,
    dOutput: Matrix, dq: Matrix, dk: Matrix, dv: Matrix
  ) {
    parallelItems(spans.count * kvHeads) { item in
      let span = spans[item / kvHeads]
      precondition(span.past == 0)
      backwardHead(
        q, span, item % kvHeads, output, logSumExp, dOutput, dq: dq, dk: dk, dv: dv)
    }
  }

  /// One query against the cache: memory-bound, so plain dot products do.
  private func decode(
    _ q: Matrix, _ span: AttentionSpan, _ head: Int, into output: Matrix,
    _ logSumExp: UnsafeMutablePointer<Float>
  ) {
    let count = span.past + 1
    let query = q.row(span.firstRow) + head * headSize
    let target = output.row(span.firstRow) + head * headSize
    withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { scores in
      let p = scores.baseAddress!
      forEachRun(span, head / (heads / kvHeads), count) { first, keys, _ in
        for t in 0..<keys.rows { p[first + t] = scale * dot(query, keys.row(t), headSize) }
      }
      let top = maximum(p, count)
      let total = exponentiate(p, shift: top, count)
      logSumExp[span.firstRow * heads + head] = top + log(total)
      target.update(repeating: 0, count: headSize)
      forEachRun(span, head / (heads / kvHeads), count) { first, _, values in
        for t in 0..<values.rows {
          addScaled(values.row(t), scale: p[first + t] / total, to: target, headSize)
        }
      }
    }
  }

  private func forwardHead(
    _ q: Matrix, _ span: AttentionSpan, _ head: Int, into output: Matrix,
    _ logSumExp: UnsafeMutablePointer<Float>
  ) {
    let total = span.past + span.queryCount
    withUnsafeTemporaryAllocation(
      of: Float.self, capacity: (Self.block + 2 * headSize) * total
    ) { scratch in
      let (allKeys, allValues) = keysAndValues(
        span, head, gatheringInto: scratch.baseAddress! + Self.block * total)
      forEachBlock(span) { rows, visible in
        let p = Matrix(scratch.baseAddress!, rows: rows.count, columns: visible)
        let (keys, values) = (allKeys.rows(0..<visible), allValues.rows(0..<visible))
        MatMul.gemm(
          slice(q, rows, span, head), keys, transposeB: true, into: p, alpha: scale)
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
        MatMul.gemm(p, values, into: slice(output, rows, span, head))
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
    guard case .rows(let spanKeys, let spanValues) = span.storage else {
      preconditionFailure("gradients flow into rows of the batch, not into a cache")
    }
    let (allKeys, allValues) = (spanKeys.columns(columns), spanValues.columns(columns))
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * size) { scratch in
      for head in kvHead * group..<(kvHead + 1) * group {
        forEachBlock(span) { rows, visible in
          let p = Matrix(scratch.baseAddress!, rows: rows.count, columns: visible)
          let ds = Matrix(scratch.baseAddress! + size, rows: rows.count, columns: visible)
          let (keys, values) = (allKeys.rows(0..<visible), allValues.rows(0..<visible))
          let (queries, dOut) = (slice(q, rows, span, head), slice(dOutput, rows, span, head))
          let out = slice(output, rows, span, head)
          MatMul.gemm(queries, keys, transposeB: true, into: p, alpha: scale)
          MatMul.gemm(dOut, values, transposeB: true, into: ds)
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
          MatMul.gemm(ds, keys, into: slice(dq, rows, span, head))
          MatMul.gemm(
            ds, transposeA: true, queries, into: dKeys.rows(0..<visible), beta: 1)
          MatMul.gemm(
            p, transposeA: true, dOut, into: dValues.rows(0..<visible), beta: 1)
        }
      }
    }
  }

  /// Query rows `rows` of the span's own (0 is its first new row), and how many keys they may see.
  private func forEachBlock(_ span: AttentionSpan, _ body: (Range<Int>, Int) -> Void) {
    var start = 0
    while start < span.queryCount {
      // Blocks end at multiples in the whole sequence, so that its pieces have the same ones.
      let end = min(start + Self.block - (span.past + start) % Self.block, span.queryCount)
      body(start..<end, span.past + end)
      start = end
    }
  }

  private func slice(_ x: Matrix, _ rows: Range<Int>, _ span: AttentionSpan, _ head: Int) -> Matrix
  {
    x.rows(span.firstRow + rows.lowerBound..<span.firstRow + rows.upperBound)
      .columns(head * headSize..<(head + 1) * headSize)
  }

  /// One head's keys and values, [past + queryCount, D] each; those of pages are gathered into
  /// `scratch`, which takes both.
  private func keysAndValues(
    _ span: AttentionSpan, _ head: Int, gatheringInto scratch: UnsafeMutablePointer<Float>
  ) -> (Matrix, Matrix) {
    let kvHead = head / (heads / kvHeads)
    if case .rows(let keys, let values) = span.storage {
      let columns = kvHead * headSize..<(kvHead + 1) * headSize
      return (keys.columns(columns), values.columns(columns))
    }
    let total = span.past + span.queryCount
    let allKeys = Matrix(scratch, rows: total, columns: headSize)
    let allValues = Matrix(scratch + total * headSize, rows: total, columns: headSize)
    forEachRun(span, kvHead, total) { first, keys, values in
      for t in 0..<keys.rows {
        allKeys.row(first + t).update(from: keys.row(t), count: headSize)
        allValues.row(first + t).update(from: values.row(t), count: headSize)
      }
    }
    return (allKeys, allValues)
  }

  /// Hands out a kv head's first `count` keys and values in runs of evenly spaced rows, with the
  /// index of a run's first: all at once, or page by page.
  private func forEachRun(
    _ span: AttentionSpan, _ kvHead: Int, _ count: Int,
    _ body: (_ first: Int, _ keys: Matrix, _ values: Matrix) -> Void
  ) {
    let columns = kvHead * headSize..<(kvHead + 1) * headSize
    switch span.storage {
    case .rows(let keys, let values):
      body(0, keys.rows(0..<count).columns(columns), values.rows(0..<count).columns(columns))
    case .cache(let cache, let layer):
      let width = kvHeads * headSize
      for first in stride(from: 0, to: count, by: KVPage.tokenCount) {
        let rows = min(KVPage.tokenCount, count - first)
        let page = cache.bases[first / KVPage.tokenCount]
        let keys = KVPage.layer(page, layer * cache.layout.layerBytes)
        body(
          first, Matrix(keys, rows: rows, columns: width).columns(columns),
          Matrix(keys + KVPage.tokenCount * width, rows: rows, columns: width).columns(columns))
      }
    }
  }
}
