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

  /// Part of a span's queries, in the heads of one kv head.
  private struct Item {
    let span: Int
    let kvHead: Int
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
      let scratchBytes = hs_attention_forward_scratch(shape)
      nonisolated(unsafe) let shared = queries
      parallelItems(items.count) { index in
        let item = items[index]
        withUnsafeTemporaryAllocation(byteCount: scratchBytes, alignment: 64) { scratch in
          withUnsafePointer(to: shared[item.span]) {
            hs_attention_forward(
              shape, $0, item.kvHead, item.tokens.lowerBound, item.tokens.upperBound,
              scratch.baseAddress)
          }
        }
      }
    }
  }

  func backwardHalf(
    q: Matrix, spans: [AttentionSpan], output: Matrix, logSumExp: UnsafePointer<Float>,
    dOutput: Matrix, dq: Matrix, dk: Matrix, dv: Matrix
  ) {
    parallelItems(spans.count * kvHeads) { index in
      let span = spans[index / kvHeads]
      guard span.past == 0, case .rows(let keys, let values) = span.storage else {
        preconditionFailure("gradients flow into rows of the batch, not into a cache")
      }
      precondition(keys.stride == q.stride && values.stride == q.stride)
      precondition(dk.stride == dq.stride && dv.stride == dq.stride)
      let first = span.firstRow
      var sequence = hs_attention_gradient(
        q: q.row(first), keys: keys.base, values: values.base, step: q.stride,
        output: output.row(first), d_output: dOutput.row(first), output_step: output.stride,
        d_output_step: dOutput.stride, log_sum_exp: logSumExp + first * heads, dq: dq.row(first),
        dk: dk.row(first), dv: dv.row(first), d_step: dq.stride, count: span.queryCount)
      withUnsafeTemporaryAllocation(
        byteCount: hs_attention_backward_scratch(shape, span.queryCount), alignment: 64
      ) { scratch in
        hs_attention_backward(shape, &sequence, index % kvHeads, scratch.baseAddress)
      }
    }
  }

  private func items(_ spans: [AttentionSpan]) -> [Item] {
    var items: [Item] = []
    for (index, span) in spans.enumerated() {
      for first in stride(from: 0, to: span.queryCount, by: Self.block) {
        let tokens = first..<min(first + Self.block, span.queryCount)
        items += (0..<kvHeads).map { Item(span: index, kvHead: $0, tokens: tokens) }
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
      target.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      hs_kv_append(
        target, kvHeads, headSize, 0, count, keys.row(first), values.row(first), keys.stride)
    }
    return (0..<total).map { base + $0 * bytes }
  }
}
