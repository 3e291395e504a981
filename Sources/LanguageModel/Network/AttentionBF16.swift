import CKernels

// Attention in bf16: operands rounded, sums and softmax in fp32, over pages of 64 tokens. A
// training batch's keys and values are packed into such pages first, so sampler and trainer share
// their code.

extension Attention {
  private var shape: hs_attention_shape {
    hs_attention_shape(heads: heads, kv_heads: kvHeads, head_size: headSize)
  }

  /// Query tokens that one thread takes at a time.
  private static let block = 64

  /// Part of a span's queries, in the heads of some kv heads.
  private struct Item {
    let span: Int
    let kvHeads: Range<Int>
    let tokens: Range<Int>
  }

  func forwardHalf(
    q: Matrix, spans: [AttentionSpan], into output: Matrix,
    logSumExp: UnsafeMutablePointer<Float>
  ) {
    withPages(spans) { pages in
      let queries = zip(spans, pages).map { span, page in
        hs_attention_queries(
          q: q.row(span.firstRow), q_step: q.stride, output: output.row(span.firstRow),
          output_step: output.stride, log_sum_exp: logSumExp + span.firstRow * heads,
          count: span.queryCount, past: span.past, pages: page.list, offset: page.offset)
      }
      let items = items(spans)
      nonisolated(unsafe) let shared = queries
      parallelItems(items.count) { index in
        let item = items[index]
        withUnsafeTemporaryAllocation(
          byteCount: hs_attention_forward_scratch(shape, item.tokens.count), alignment: 64
        ) { scratch in
          withUnsafePointer(to: shared[item.span]) { queries in
            for kvHead in item.kvHeads {
              hs_attention_forward(
                shape, queries, kvHead, item.tokens.lowerBound, item.tokens.upperBound,
                scratch.baseAddress)
            }
          }
        }
      }
    }
  }

  func backwardHalf(
    q: Matrix, spans: [AttentionSpan], output: Matrix, logSumExp: UnsafePointer<Float>,
    dOutput: Matrix, dq: Matrix, dk: Matrix, dv: Matrix
  ) {
    let group = heads / kvHeads
    // Few sequences: each query head on its own, whose parts of dk and dv are added up afterwards.
    let parts = spans.count * kvHeads < 4 * computeThreads ? group : 1
    let width = parts > 1 ? heads * headSize : kvHeads * headSize
    // What each span gives to its trunk's gradients; and all parts of all rows', where there are such.
    let pasts = spans.reduce(0) { $0 + $1.past }
    let partRows = parts > 1 ? q.rows : 0
    let memory = scratch.pointer(count: 2 * (pasts + partRows) * width)
    let (dkMemory, dvMemory) = (memory, memory + (pasts + partRows) * width)
    func matrices(_ first: Int, _ rows: Int) -> (dk: Matrix, dv: Matrix) {
      (
        Matrix(dkMemory + first * width, rows: rows, columns: width, stride: width),
        Matrix(dvMemory + first * width, rows: rows, columns: width, stride: width)
      )
    }
    var next = 0
    let offsets = spans.map { span in
      defer { next += span.past }
      return next
    }
    let own = parts > 1 ? matrices(pasts, partRows) : (dk, dv)
    parallelItems(spans.count * kvHeads * parts) { index in
      let number = index / (kvHeads * parts)
      let first = index % (kvHeads * parts) * (group / parts)
      let column = parts > 1 ? first : first / group
      let past = matrices(offsets[number], spans[number].past)
      backward(
        spans[number], heads: first..<first + group / parts, q: q, output: output,
        logSumExp: logSumExp, dOutput: dOutput, dq: dq,
        own: (headColumns(own.0, column), headColumns(own.1, column)),
        past: (headColumns(past.dk, column), headColumns(past.dv, column)))
    }
    if parts > 1 {
      addGroups(own.0, into: dk, overwriting: true)
      addGroups(own.1, into: dv, overwriting: true)
    }
    for (span, offset) in zip(spans, offsets) where span.past > 0 {
      guard case .rows(_, _, let trunk) = span.storage else { continue }
      let past = matrices(offset, span.past)
      addGroups(past.dk, into: dk.rows(trunk..<trunk + span.past), overwriting: false)
      addGroups(past.dv, into: dv.rows(trunk..<trunk + span.past), overwriting: false)
    }
  }

  private func headColumns(_ x: Matrix, _ head: Int) -> Matrix {
    x.columns(head * headSize..<(head + 1) * headSize)
  }

  /// One span's query heads `heads`, which share a kv head: the gradients of keys and values, [N, D] of the
  /// batch's rows and [past, D] of the trunk's, are that one's.
  private func backward(
    _ span: AttentionSpan, heads range: Range<Int>, q: Matrix, output: Matrix,
    logSumExp: UnsafePointer<Float>, dOutput: Matrix, dq: Matrix, own: (dk: Matrix, dv: Matrix),
    past: (dk: Matrix, dv: Matrix)
  ) {
    guard case .rows(let keys, let values, let trunk) = span.storage else {
      preconditionFailure("gradients flow into rows of the batch, not into a cache")
    }
    precondition(keys.stride == q.stride && values.stride == q.stride)
    let first = span.firstRow
    precondition(own.dk.stride == own.dv.stride)
    var sequence = hs_attention_gradient(
      q: q.row(first), keys: keys.row(first), values: values.row(first), step: q.stride,
      output: output.row(first), d_output: dOutput.row(first), output_step: output.stride,
      d_output_step: dOutput.stride, log_sum_exp: logSumExp + first * heads, dq: dq.row(first),
      dq_step: dq.stride, dk: own.dk.row(first), dv: own.dv.row(first), dkv_step: own.dk.stride,
      count: span.queryCount, past: span.past, past_keys: keys.row(trunk),
      past_values: values.row(trunk), past_dk: past.dk.base, past_dv: past.dv.base,
      past_dkv_step: past.dk.stride)
    withUnsafeTemporaryAllocation(
      byteCount: hs_attention_backward_scratch(shape, span.past, span.queryCount), alignment: 64
    ) { scratch in
      hs_attention_backward(
        shape, &sequence, range.lowerBound, range.upperBound, scratch.baseAddress)
    }
  }

  /// parts [N, heads·D] or [N, kvHeads·D] → sum [N, kvHeads·D]: each kv head's parts added up in order.
  private func addGroups(_ parts: Matrix, into sum: Matrix, overwriting: Bool) {
    let group = parts.columns / (kvHeads * headSize)
    parallelRows(sum.rows, minimumPerThread: 16) { rows in
      for row in rows {
        for part in 0..<group * kvHeads {
          let target = sum.row(row) + part / group * headSize
          let source = parts.row(row) + part * headSize
          if overwriting, part % group == 0 {
            target.update(from: source, count: headSize)
          } else {
            addScaled(source, scale: 1, to: target, headSize)
          }
        }
      }
    }
  }

  private func items(_ spans: [AttentionSpan]) -> [Item] {
    // Many sequences of a token each: all heads together are little enough.
    let whole = spans.count >= 4 * computeThreads
    var items: [Item] = []
    for (index, span) in spans.enumerated() {
      for first in stride(from: 0, to: span.queryCount, by: Self.block) {
        let tokens = first..<min(first + Self.block, span.queryCount)
        if whole, span.queryCount == 1 {
          items.append(Item(span: index, kvHeads: 0..<kvHeads, tokens: tokens))
        } else {
          items += (0..<kvHeads).map { Item(span: index, kvHeads: $0..<$0 + 1, tokens: tokens) }
        }
      }
    }
    return items
  }

  /// Where a span's layer stands: its pages, and the layer's offset in bytes into each.
  private struct Pages {
    let list: UnsafePointer<UnsafeMutableRawPointer?>
    let offset: Int
  }

  private func withPages(_ spans: [AttentionSpan], _ body: ([Pages]) -> Void) {
    let counts = spans.map { span in
      if case .rows = span.storage { KVCache.pageCount(span.past + span.queryCount) } else { 0 }
    }
    let packed = pack(spans, counts)
    packed.withUnsafeBufferPointer { packed in
      var first = 0
      let pages = zip(spans, counts).map { span, count in
        defer { first += count }
        if case .cache(let cache, let layer) = span.storage {
          return Pages(
            list: UnsafeRawPointer(cache.bases.baseAddress!)
              .assumingMemoryBound(to: UnsafeMutableRawPointer?.self),
            offset: layer * cache.layout.layerBytes)
        }
        return Pages(list: packed.baseAddress! + first, offset: 0)
      }
      body(pages)
    }
  }

  /// Rounds keys and values that stand in rows into pages of one layer; span by span, `counts` pages
  /// each.
  private func pack(_ spans: [AttentionSpan], _ counts: [Int]) -> [UnsafeMutableRawPointer?] {
    let total = counts.reduce(0, +)
    guard total > 0 else { return [] }
    let bytes = hs_kv_layer_bytes(kvHeads, headSize)
    nonisolated(unsafe) let base = UnsafeMutableRawPointer(
      scratch.pointer(count: total * bytes / MemoryLayout<Float>.stride))
    var owners: [(span: Int, page: Int)] = []
    for (index, count) in counts.enumerated() { owners += (0..<count).map { (index, $0) } }
    let work = owners
    parallelItems(total) { index in
      let (span, page) = (spans[work[index].span], work[index].page)
      guard case .rows(let keys, let values, let trunk) = span.storage else { return }
      let first = page * KVPage.tokenCount
      let end = min(first + KVPage.tokenCount, span.past + span.queryCount)
      // A trunk may end inside a page, in which the span's own rows go on.
      let middle = max(first, min(span.past, end))
      func append(_ tokens: Range<Int>, row: Int) {
        guard !tokens.isEmpty else { return }
        hs_kv_append(
          base + index * bytes, kvHeads, headSize, tokens.lowerBound - first, tokens.count,
          keys.row(row), values.row(row), keys.stride)
      }
      append(first..<middle, row: trunk + first)
      append(middle..<end, row: span.firstRow + middle - span.past)
    }
    return (0..<total).map { base + $0 * bytes }
  }
}
