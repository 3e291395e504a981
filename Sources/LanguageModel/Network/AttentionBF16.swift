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
    let memory = parts > 1 ? scratch.pointer(count: 2 * q.rows * heads * headSize) : nil
    let partial = memory.map { memory in
      (0..<2).map {
        Matrix(
          memory + $0 * q.rows * heads * headSize, rows: q.rows, columns: heads * headSize)
      }
    }
    parallelItems(spans.count * kvHeads * parts) { index in
      let span = spans[index / (kvHeads * parts)]
      let first = index % (kvHeads * parts) * (group / parts)
      let columns = partial == nil ? first / group : first
      let target = (partial?[0] ?? dk, partial?[1] ?? dv)
      backward(
        span, heads: first..<first + group / parts, q: q, output: output, logSumExp: logSumExp,
        dOutput: dOutput, dq: dq, dk: headColumns(target.0, columns),
        dv: headColumns(target.1, columns))
    }
    guard let partial else { return }
    for (parts, sum) in zip(partial, [dk, dv]) { addGroups(parts, into: sum) }
  }

  private func headColumns(_ x: Matrix, _ head: Int) -> Matrix {
    x.columns(head * headSize..<(head + 1) * headSize)
  }

  /// One span's query heads `heads`, which share a kv head: dk and dv [N, D] are that one's.
  private func backward(
    _ span: AttentionSpan, heads range: Range<Int>, q: Matrix, output: Matrix,
    logSumExp: UnsafePointer<Float>, dOutput: Matrix, dq: Matrix, dk: Matrix, dv: Matrix
  ) {
    guard span.past == 0, case .rows(let keys, let values) = span.storage else {
      preconditionFailure("gradients flow into rows of the batch, not into a cache")
    }
    precondition(keys.stride == q.stride && values.stride == q.stride && dk.stride == dv.stride)
    let first = span.firstRow
    var sequence = hs_attention_gradient(
      q: q.row(first), keys: keys.base, values: values.base, step: q.stride,
      output: output.row(first), d_output: dOutput.row(first), output_step: output.stride,
      d_output_step: dOutput.stride, log_sum_exp: logSumExp + first * heads, dq: dq.row(first),
      dq_step: dq.stride, dk: dk.row(first), dv: dv.row(first), dkv_step: dk.stride,
      count: span.queryCount)
    withUnsafeTemporaryAllocation(
      byteCount: hs_attention_backward_scratch(shape, span.queryCount), alignment: 64
    ) { scratch in
      hs_attention_backward(
        shape, &sequence, range.lowerBound, range.upperBound, scratch.baseAddress)
    }
  }

  /// parts [N, heads·D] → sum [N, kvHeads·D]: each kv head's group added up in order.
  private func addGroups(_ parts: Matrix, into sum: Matrix) {
    let group = heads / kvHeads
    parallelRows(sum.rows, minimumPerThread: 16) { rows in
      for row in rows {
        for head in 0..<heads {
          let target = sum.row(row) + head / group * headSize
          let source = parts.row(row) + head * headSize
          if head % group == 0 {
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
      guard case .rows(let keys, let values) = span.storage else { return }
      precondition(keys.stride == values.stride)
      let first = page * KVPage.tokenCount
      let count = min(KVPage.tokenCount, keys.rows - first)
      let target = base + index * bytes
      hs_kv_append(
        target, kvHeads, headSize, 0, count, keys.row(first), values.row(first), keys.stride)
    }
    return (0..<total).map { base + $0 * bytes }
  }
}
