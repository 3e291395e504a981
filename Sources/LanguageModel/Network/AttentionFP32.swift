import CKernels
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
        // Heads that share keys go together, with the first of them.
        let group = heads / kvHeads
        if head % group == 0 { decode(q, span, head / group, into: output, logSumExp) }
      } else {
        switch span.storage {
        case .rows: forwardHead(q, span, head, into: output, logSumExp)
        case .cache: forwardPages(q, span, head, into: output, logSumExp)
        }
      }
    }
  }

  func backwardFull(
    q: Matrix, spans: [AttentionSpan], output: Matrix, logSumExp: UnsafePointer<Float>,
    dOutput: Matrix, dq: Matrix, dk: Matrix, dv: Matrix
  ) {
    // Spans of one trunk add to the same gradients, one after another.
    let isShared = spans.contains { $0.past > 0 }
    let kvWidth = kvHeads * headSize
    for rows in [dk, dv] {
      for row in 0..<rows.rows { rows.row(row).update(repeating: 0, count: kvWidth) }
    }
    parallelItems(isShared ? kvHeads : spans.count * kvHeads) { item in
      for span in isShared ? spans[...] : spans[item / kvHeads...item / kvHeads] {
        backwardHead(
          q, span, item % kvHeads, output, logSumExp, dOutput, dq: dq, dk: dk, dv: dv)
      }
    }
  }

  /// One position against the cache: the queries that share a kv head read its keys and values once, since reading
  /// them is most of the work.
  private func decode(
    _ q: Matrix, _ span: AttentionSpan, _ kvHead: Int, into output: Matrix,
    _ logSumExp: UnsafeMutablePointer<Float>
  ) {
    let (count, group) = (span.past + 1, heads / kvHeads)
    let own = kvHead * group..<(kvHead + 1) * group
    let queries = q.row(span.firstRow) + own.lowerBound * headSize
    let target = output.row(span.firstRow) + own.lowerBound * headSize
    withUnsafeTemporaryAllocation(of: Float.self, capacity: group * count) { scores in
      let p = scores.baseAddress!
      forEachRun(span, kvHead, count) { first, keys, _ in
        hs_query_scores(
          group, keys.rows, headSize, queries, headSize, keys.base, keys.stride, scale, p + first,
          count)
      }
      for (index, head) in own.enumerated() {
        let row = p + index * count
        let top = maximum(row, count)
        let total = exponentiate(row, shift: top, count)
        logSumExp[span.firstRow * heads + head] = top + log(total)
        let inverse = 1 / total
        for t in 0..<count { row[t] *= inverse }
      }
      target.update(repeating: 0, count: group * headSize)
      forEachRun(span, kvHead, count) { first, _, values in
        hs_weighted_values(
          group, values.rows, headSize, p + first, count, values.base, values.stride, target,
          headSize)
      }
    }
  }

  /// Keys and values of the batch's rows.
  private func forwardHead(
    _ q: Matrix, _ span: AttentionSpan, _ head: Int, into output: Matrix,
    _ logSumExp: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(
      of: Float.self, capacity: Self.block * (span.past + span.queryCount)
    ) { scratch in
      forEachBlock(span) { rows, visible in
        let p = Matrix(scratch.baseAddress!, rows: rows.count, columns: visible)
        forEachRun(span, head / (heads / kvHeads), visible) { first, keys, _ in
          MatMul.gemm(
            slice(q, rows, span, head), keys, transposeB: true,
            into: p.columns(first..<first + keys.rows), alpha: scale)
        }
        softmax(p, rows, span, head, logSumExp)
        forEachRun(span, head / (heads / kvHeads), visible) { first, _, values in
          MatMul.gemm(
            p.columns(first..<first + values.rows), values,
            into: slice(output, rows, span, head), beta: first == 0 ? 0 : 1)
        }
      }
    }
  }

  /// A cache's keys and values. Every block of 64 × 64 is computed whole, each row at its place in
  /// the sequence: BLAS's last bits depend on a product's shape, and how a prompt was cut into pieces
  /// must not show.
  private func forwardPages(
    _ q: Matrix, _ span: AttentionSpan, _ head: Int, into output: Matrix,
    _ logSumExp: UnsafeMutablePointer<Float>
  ) {
    let total = span.past + span.queryCount
    let padded = (total + Self.block - 1) / Self.block * Self.block
    withUnsafeTemporaryAllocation(
      of: Float.self, capacity: (Self.block + 2 * headSize) * padded + 2 * Self.block * headSize
    ) { scratch in
      let base = scratch.baseAddress!
      let allKeys = Matrix(base + Self.block * padded, rows: padded, columns: headSize)
      let allValues = Matrix(allKeys.row(padded), rows: padded, columns: headSize)
      let queries = Matrix(allValues.row(padded), rows: Self.block, columns: headSize)
      let result = Matrix(queries.row(Self.block), rows: Self.block, columns: headSize)
      for unseen in total..<padded {
        allKeys.row(unseen).update(repeating: 0, count: headSize)
        allValues.row(unseen).update(repeating: 0, count: headSize)
      }
      forEachRun(span, head / (heads / kvHeads), total) { first, keys, values in
        for t in 0..<keys.rows {
          allKeys.row(first + t).update(from: keys.row(t), count: headSize)
          allValues.row(first + t).update(from: values.row(t), count: headSize)
        }
      }
      forEachBlock(span) { rows, visible in
        let width = (visible + Self.block - 1) / Self.block * Self.block
        let p = Matrix(base, rows: Self.block, columns: width)
        let first = (span.past + rows.lowerBound) % Self.block
        let (own, target) = (slice(q, rows, span, head), slice(output, rows, span, head))
        queries.base.update(repeating: 0, count: Self.block * headSize)
        for row in 0..<rows.count {
          queries.row(first + row).update(from: own.row(row), count: headSize)
        }
        MatMul.gemm(queries, allKeys.rows(0..<width), transposeB: true, into: p, alpha: scale)
        softmax(p.rows(first..<first + rows.count), rows, span, head, logSumExp)
        MatMul.gemm(p, allValues.rows(0..<width), into: result)
        for row in 0..<rows.count {
          target.row(row).update(from: result.row(first + row), count: headSize)
        }
      }
    }
  }

  /// Scores → probabilities in place, zero beyond what a query may see.
  private func softmax(
    _ p: Matrix, _ rows: Range<Int>, _ span: AttentionSpan, _ head: Int,
    _ logSumExp: UnsafeMutablePointer<Float>
  ) {
    for (index, row) in rows.enumerated() {
      let scores = p.row(index)
      let count = span.past + row + 1
      let top = maximum(scores, count)
      let total = exponentiate(scores, shift: top, count)
      logSumExp[(span.firstRow + row) * heads + head] = top + log(total)
      let inverse = 1 / total
      for t in 0..<count { scores[t] *= inverse }
      (scores + count).update(repeating: 0, count: p.columns - count)
    }
  }

  private func backwardHead(
    _ q: Matrix, _ span: AttentionSpan, _ kvHead: Int, _ output: Matrix,
    _ logSumExp: UnsafePointer<Float>, _ dOutput: Matrix, dq: Matrix, dk: Matrix, dv: Matrix
  ) {
    guard case .rows(_, _, let trunk) = span.storage else {
      preconditionFailure("gradients flow into rows of the batch, not into a cache")
    }
    let group = heads / kvHeads
    let columns = kvHead * headSize..<(kvHead + 1) * headSize
    let size = Self.block * (span.past + span.queryCount)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * size) { scratch in
      for head in kvHead * group..<(kvHead + 1) * group {
        forEachBlock(span) { rows, visible in
          let p = Matrix(scratch.baseAddress!, rows: rows.count, columns: visible)
          let ds = Matrix(scratch.baseAddress! + size, rows: rows.count, columns: visible)
          let (queries, dOut) = (slice(q, rows, span, head), slice(dOutput, rows, span, head))
          let out = slice(output, rows, span, head)
          forEachRun(span, kvHead, visible) { first, keys, values in
            let run = first..<first + keys.rows
            MatMul.gemm(queries, keys, transposeB: true, into: p.columns(run), alpha: scale)
            MatMul.gemm(dOut, values, transposeB: true, into: ds.columns(run))
          }
          for (index, row) in rows.enumerated() {
            let (probabilities, gradient) = (p.row(index), ds.row(index))
            let count = span.past + row + 1
            _ = exponentiate(
              probabilities, shift: logSumExp[(span.firstRow + row) * heads + head], count)
            let mean = dot(dOut.row(index), out.row(index), headSize)
            for t in 0..<count { gradient[t] = probabilities[t] * (gradient[t] - mean) * scale }
            (probabilities + count).update(repeating: 0, count: visible - count)
            (gradient + count).update(repeating: 0, count: visible - count)
          }
          forEachRun(span, kvHead, visible) { first, keys, _ in
            let (run, row) = (first..<first + keys.rows, first < span.past ? trunk : span.firstRow)
            let target = row..<row + keys.rows
            MatMul.gemm(
              ds.columns(run), keys, into: slice(dq, rows, span, head), beta: first == 0 ? 0 : 1)
            MatMul.gemm(
              ds.columns(run), transposeA: true, queries, into: dk.rows(target).columns(columns),
              beta: 1)
            MatMul.gemm(
              p.columns(run), transposeA: true, dOut, into: dv.rows(target).columns(columns),
              beta: 1)
          }
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

  /// Hands out a kv head's first `count` keys and values in runs of evenly spaced rows, with the
  /// index of a run's first: trunk and own rows, or page by page.
  private func forEachRun(
    _ span: AttentionSpan, _ kvHead: Int, _ count: Int,
    _ body: (_ first: Int, _ keys: Matrix, _ values: Matrix) -> Void
  ) {
    let columns = kvHead * headSize..<(kvHead + 1) * headSize
    switch span.storage {
    case .rows(let keys, let values, let trunk):
      let past = min(span.past, count)
      for (first, row, rows) in [(0, trunk, past), (past, span.firstRow, count - past)]
      where rows > 0 {
        let run = row..<row + rows
        body(first, keys.rows(run).columns(columns), values.rows(run).columns(columns))
      }
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
