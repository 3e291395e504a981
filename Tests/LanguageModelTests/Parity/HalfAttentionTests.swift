import LanguageModel
import Testing

/// Attention in bf16 against the textbook and against fp32.
@Suite struct HalfAttentionTests {
  struct Heads: Sendable { var heads, kvHeads, size: Int }

  private static let shapes = [
    Heads(heads: 4, kvHeads: 2, size: 6), Heads(heads: 3, kvHeads: 3, size: 16),
    Heads(heads: 4, kvHeads: 1, size: 24), Heads(heads: 9, kvHeads: 3, size: 64),
    Heads(heads: 2, kvHeads: 2, size: 128),
  ]

  private func config(_ shape: Heads) -> ModelConfig {
    ModelConfig(
      architecture: .llama, vocabularySize: 8, hiddenSize: 8, intermediateSize: 8, layerCount: 2,
      headCount: shape.heads, kvHeadCount: shape.kvHeads, headSize: shape.size, tiedHead: true,
      contextLength: 1024)
  }

  /// A cache whose second layer holds the first `past` rows, with the rest written behind them.
  private func cache(_ shape: Heads, _ keys: Matrix, _ values: Matrix, past: Int) -> KVCache {
    let cache = KVCache(config: config(shape), precision: .bf16)
    cache.reserve(past)
    cache.write(keys.rows(0..<past), values.rows(0..<past), layer: 1)
    cache.advance(by: past)
    cache.reserve(keys.rows)
    cache.write(keys.rows(past..<keys.rows), values.rows(past..<values.rows), layer: 1)
    return cache
  }

  private func relativeError(_ a: [Double], _ b: [Double]) -> Double {
    let difference = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return (difference / b.reduce(0) { $0 + $1 * $1 }).squareRoot()
  }

  @Test(
    arguments: shapes, [(0, 1), (0, 5), (0, 130), (7, 1), (70, 1), (33, 64), (5, 65), (64, 70)])
  func forward(_ shape: Heads, _ lengths: (past: Int, new: Int)) {
    var random = SplitMix64(seeds: UInt64(shape.size), UInt64(lengths.past), UInt64(lengths.new))
    let (total, width) = (lengths.past + lengths.new, shape.kvHeads * shape.size)
    let q = Strided(
      rows: lengths.new + 3, columns: shape.heads * shape.size, gap: 2, random: &random, scale: 2)
    let k = Strided(rows: total, columns: width, gap: 5, random: &random, scale: 2)
    let v = Strided(rows: total, columns: width, gap: 5, random: &random, scale: 2)
    let expected = Naive.attention(
      q: (2..<2 + lengths.new).flatMap(q.row), k: k.values, v: v.values, past: lengths.past,
      heads: shape.heads, kvHeads: shape.kvHeads, size: shape.size)
    let attention = Attention(
      heads: shape.heads, kvHeads: shape.kvHeads, headSize: shape.size, precision: .bf16)
    let logSumExp = FloatBuffer(count: (lengths.new + 3) * shape.heads)
    func run(_ span: AttentionSpan) -> Strided {
      let output = Strided(
        rows: lengths.new + 3, columns: shape.heads * shape.size, gap: 1, random: &random)
      attention.forward(
        q: q.matrix, spans: [span], into: output.matrix, logSumExp: logSumExp.base)
      return output
    }
    let filled = cache(shape, k.matrix, v.matrix, past: lengths.past)
    let fromPages = run(
      AttentionSpan(firstRow: 2, queryCount: lengths.new, cache: filled, layer: 1))
    let found = (2..<2 + lengths.new).map(fromPages.row)
    #expect(relativeError(found.flatMap(\.self), expected) < 1e-2)
    #expect(fromPages.gapsAreUntouched)
    // The same as rows of a batch, the past as a trunk in front.
    let columns = shape.heads * shape.size
    let batch = Strided(rows: total, columns: columns, gap: 1, random: &random)
    let output = Strided(rows: total, columns: columns, gap: 1, random: &random)
    for row in 0..<lengths.new {
      batch.matrix.row(lengths.past + row).update(from: q.matrix.row(2 + row), count: columns)
    }
    let sums = FloatBuffer(count: total * shape.heads)
    attention.forward(
      q: batch.matrix,
      spans: [
        AttentionSpan(
          firstRow: lengths.past, queryCount: lengths.new, trunk: 0..<lengths.past, keys: k.matrix,
          values: v.matrix)
      ], into: output.matrix, logSumExp: sums.base)
    #expect(found == (lengths.past..<total).map(output.row))
    #expect(output.gapsAreUntouched)
  }

  /// A row's bits depend neither on the batch nor on how its sequence was cut into pieces.
  @Test(arguments: shapes)
  func aRowIsTheSameInEveryBatchAndEveryPiece(_ shape: Heads) {
    var random = SplitMix64(seeds: UInt64(shape.size), 3)
    let columns = shape.heads * shape.size
    let lengths = [150, 1, 66]
    let q = Strided(rows: 217, columns: columns, gap: 0, random: &random, scale: 2)
    let k = Strided(rows: 217, columns: shape.kvHeads * shape.size, gap: 0, random: &random)
    let v = Strided(rows: 217, columns: shape.kvHeads * shape.size, gap: 0, random: &random)
    let attention = Attention(
      heads: shape.heads, kvHeads: shape.kvHeads, headSize: shape.size, precision: .bf16)
    let together = Strided(rows: 217, columns: columns, gap: 0, random: &random)
    let logSumExp = FloatBuffer(count: 217 * shape.heads)
    func cacheOf(_ rows: Range<Int>, past: Int) -> KVCache {
      cache(shape, k.matrix.rows(rows), v.matrix.rows(rows), past: past)
    }
    let firsts = [0, 150, 151]
    let caches = zip(firsts, lengths).map { cacheOf($0..<$0 + $1, past: 0) }
    attention.forward(
      q: q.matrix,
      spans: (0..<3).map {
        AttentionSpan(firstRow: firsts[$0], queryCount: lengths[$0], cache: caches[$0], layer: 1)
      }, into: together.matrix, logSumExp: logSumExp.base)
    let alone = Strided(rows: 217, columns: columns, gap: 0, random: &random)
    for (first, length) in zip(firsts, lengths) {
      var done = 0
      while done < length {
        let count = 1 + random.index(below: length - done)
        let cache = cacheOf(first..<first + done + count, past: done)
        attention.forward(
          q: q.matrix,
          spans: [AttentionSpan(firstRow: first + done, queryCount: count, cache: cache, layer: 1)],
          into: alone.matrix, logSumExp: logSumExp.base)
        done += count
      }
    }
    let same = together.values == alone.values
    #expect(same)
  }

  /// Neither a dropped token nor a page's former owner shows, even where they weren't finite.
  @Test(arguments: shapes)
  func whatWasForgottenLeavesNoTrace(_ shape: Heads) {
    var random = SplitMix64(seeds: UInt64(shape.size), 5)
    let width = shape.kvHeads * shape.size
    let k = Strided(rows: 70, columns: width, gap: 0, random: &random)
    let v = Strided(rows: 70, columns: width, gap: 0, random: &random)
    let q = Strided(rows: 5, columns: shape.heads * shape.size, gap: 0, random: &random)
    let broken = Strided(rows: 60, columns: width, gap: 0, random: &random)
    broken.matrix.base.update(repeating: .nan, count: 60 * width)
    func answer(_ cache: KVCache) -> [Double] {
      let output = Strided(rows: 5, columns: q.matrix.columns, gap: 0, random: &random)
      let logSumExp = FloatBuffer(count: 5 * shape.heads)
      cache.reserve(70)
      cache.write(k.matrix.rows(65..<70), v.matrix.rows(65..<70), layer: 1)
      Attention(heads: shape.heads, kvHeads: shape.kvHeads, headSize: shape.size).forward(
        q: q.matrix, spans: [AttentionSpan(firstRow: 0, queryCount: 5, cache: cache, layer: 1)],
        into: output.matrix, logSumExp: logSumExp.base)
      cache.advance(by: 5)
      return output.values
    }
    func prefix() -> KVCache {
      let cache = KVCache(config: config(shape), precision: .bf16)
      cache.reserve(65)
      cache.write(k.matrix.rows(0..<65), v.matrix.rows(0..<65), layer: 1)
      cache.advance(by: 65)
      return cache
    }
    let expected = answer(prefix())
    #expect(expected.allSatisfy { $0.isFinite })
    let longer = prefix()
    longer.reserve(125)
    longer.write(broken.matrix, broken.matrix, layer: 1)
    longer.advance(by: 60)
    let shared = KVCache(
      sharing: longer.pages, count: 65, config: config(shape), precision: .bf16)
    #expect(answer(shared) == expected)
    longer.truncate(to: 65)
    #expect(answer(longer) == expected)
    for _ in 0..<3 {
      var former: KVCache? = KVCache(config: config(shape), precision: .bf16)
      former?.reserve(60)
      former?.write(broken.matrix, broken.matrix, layer: 1)
      former?.advance(by: 60)
      former = nil
      #expect(answer(prefix()) == expected)
    }
  }

  /// Sequences one after another; those behind a trunk of the first one's length follow it.
  @Test(
    arguments: shapes,
    [
      (false, [9]), (false, [64, 1, 130]), (true, [64, 1, 70]), (true, [128, 9]),
      (true, [70, 1, 140]), (true, [1, 63, 64]), (true, [191, 2]),
    ])
  func gradientsPointWhereFp32sDo(_ shape: Heads, _ batch: (hasTrunk: Bool, lengths: [Int])) {
    let lengths = batch.lengths
    var random = SplitMix64(seeds: UInt64(shape.size), UInt64(lengths.count))
    let (width, kvWidth) = (shape.heads * shape.size, shape.kvHeads * shape.size)
    let rows = lengths.reduce(0, +)
    let qkv = Strided(rows: rows, columns: width + 2 * kvWidth, gap: 3, random: &random, scale: 2)
    let dOutput = Strided(rows: rows, columns: width, gap: 1, random: &random)
    let (k, v) = (width..<width + kvWidth, width + kvWidth..<width + 2 * kvWidth)
    var first = 0
    let spans = lengths.map { count in
      defer { first += count }
      return AttentionSpan(
        firstRow: first, queryCount: count,
        trunk: 0..<(batch.hasTrunk && first > 0 ? lengths[0] : 0), keys: qkv.matrix.columns(k),
        values: qkv.matrix.columns(v))
    }
    func gradients(_ precision: Precision) -> [[Double]] {
      let attention = Attention(
        heads: shape.heads, kvHeads: shape.kvHeads, headSize: shape.size, precision: precision)
      let output = Strided(rows: rows, columns: width, gap: 0, random: &random)
      let logSumExp = FloatBuffer(count: rows * shape.heads)
      let d = Strided(rows: rows, columns: width + 2 * kvWidth, gap: 2, random: &random)
      let q = qkv.matrix.columns(0..<width)
      attention.forward(q: q, spans: spans, into: output.matrix, logSumExp: logSumExp.base)
      attention.backward(
        q: q, spans: spans, output: output.matrix, logSumExp: logSumExp.base,
        dOutput: dOutput.matrix, dq: d.matrix.columns(0..<width), dk: d.matrix.columns(k),
        dv: d.matrix.columns(v))
      #expect(d.gapsAreUntouched)
      return [0..<width, k, v].map { part in (0..<rows).flatMap { d.row($0)[part] } }
    }
    for (found, expected) in zip(gradients(.bf16), gradients(.fp32)) {
      let product = zip(found, expected).reduce(0) { $0 + $1.0 * $1.1 }
      let squares = found.reduce(0) { $0 + $1 * $1 } * expected.reduce(0) { $0 + $1 * $1 }
      #expect(product / squares.squareRoot() > 0.9995)
    }
  }
}
