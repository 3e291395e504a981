import LanguageModel
import Testing

@Suite struct KernelTests {
  struct Shape: CustomStringConvertible, Sendable {
    var m, n, k, gap: Int
    var description: String { "\(m)×\(n)×\(k)+\(gap)" }
  }

  private static let shapes = [
    Shape(m: 1, n: 1, k: 1, gap: 0), Shape(m: 1, n: 7, k: 3, gap: 1),
    Shape(m: 3, n: 5, k: 17, gap: 0), Shape(m: 4, n: 4, k: 16, gap: 5),
    Shape(m: 5, n: 130, k: 33, gap: 3), Shape(m: 67, n: 9, k: 576, gap: 0),
    Shape(m: 130, n: 66, k: 31, gap: 2), Shape(m: 2, n: 257, k: 1, gap: 0),
  ]

  @Test(arguments: shapes, [MatMulKernel.library, .invariant])
  func linear(_ shape: Shape, _ kernel: MatMulKernel) {
    var random = SplitMix64(seeds: UInt64(shape.m), UInt64(shape.n))
    let x = Strided(rows: shape.m, columns: shape.k, gap: shape.gap, random: &random)
    let w = Strided(rows: shape.n, columns: shape.k, gap: shape.gap + 1, random: &random)
    let y = Strided(rows: shape.m, columns: shape.n, gap: shape.gap + 2, random: &random)
    MatMul.linear(x.matrix, w.matrix, into: y.matrix, kernel: kernel)
    let transposed = Naive.transpose(w.values, rows: shape.n, columns: shape.k)
    let expected = Naive.product(x.values, transposed, m: shape.m, k: shape.k, n: shape.n)
    #expect(largestDifference(y.values, expected) < 1e-7 * Double(shape.k + 10))
    #expect(y.gapsAreUntouched)
  }

  @Test(arguments: shapes, [(false, false), (true, false), (false, true), (true, true)])
  func gemm(_ shape: Shape, _ transposed: (Bool, Bool)) {
    let (ta, tb) = transposed
    var random = SplitMix64(seeds: UInt64(shape.m), 7)
    let (m, n, k) = (shape.m, shape.n, shape.k)
    let a = Strided(rows: ta ? k : m, columns: ta ? m : k, gap: shape.gap, random: &random)
    let b = Strided(rows: tb ? n : k, columns: tb ? k : n, gap: shape.gap, random: &random)
    let c = Strided(rows: m, columns: n, gap: shape.gap, random: &random)
    let before = c.values
    MatMul.gemm(
      a.matrix, transposeA: ta, b.matrix, transposeB: tb, into: c.matrix, alpha: 0.5, beta: 2)
    let left = ta ? Naive.transpose(a.values, rows: k, columns: m) : a.values
    let right = tb ? Naive.transpose(b.values, rows: n, columns: k) : b.values
    let product = Naive.product(left, right, m: m, k: k, n: n)
    let expected = zip(product, before).map { 0.5 * $0 + 2 * $1 }
    #expect(largestDifference(c.values, expected) < 1e-7 * Double(k + 20))
    #expect(c.gapsAreUntouched)
  }

  /// What the trainer's and the sampler's agreement rests on.
  @Test func aRowOfTheInvariantKernelIsTheSameInEveryBatch() {
    var random = SplitMix64(seed: 3)
    let x = Strided(rows: 150, columns: 97, gap: 0, random: &random)
    let w = Strided(rows: 203, columns: 97, gap: 0, random: &random)
    let all = Strided(rows: 150, columns: 203, gap: 0, random: &random)
    MatMul.linear(x.matrix, w.matrix, into: all.matrix, kernel: .invariant)
    for _ in 0..<40 {
      let first = random.index(below: 150)
      let count = 1 + random.index(below: 150 - first)
      let part = Strided(rows: count, columns: 203, gap: 1, random: &random)
      MatMul.linear(
        x.matrix.rows(first..<first + count), w.matrix, into: part.matrix, kernel: .invariant)
      #expect((0..<count).allSatisfy { part.row($0) == all.row(first + $0) })
    }
  }

  @Test(arguments: [1, 5, 8, 16, 27, 576])
  func rmsNorm(width: Int) {
    var random = SplitMix64(seed: UInt64(width))
    let x = Strided(rows: 19, columns: width, gap: 2, random: &random, scale: 3)
    let weight = Strided(rows: 1, columns: width, gap: 0, random: &random)
    let y = Strided(rows: 19, columns: width, gap: 1, random: &random)
    let inverse = FloatBuffer(count: 19)
    RMSNorm.forward(
      x.matrix, weight: weight.matrix.base, epsilon: 1e-5, into: y.matrix, inverse: inverse.base)
    for row in 0..<19 {
      let expected = Naive.rmsNorm(x.row(row), weight: weight.row(0), epsilon: Double(Float(1e-5)))
      #expect(largestDifference(y.row(row), expected) < 2e-6)
    }
    #expect(y.gapsAreUntouched)
  }

  @Test(arguments: [1, 7, 8, 20, 96])
  func swiGLU(width: Int) {
    var random = SplitMix64(seed: UInt64(width))
    let x = Strided(rows: 11, columns: 2 * width, gap: 3, random: &random, scale: 30)
    let h = Strided(rows: 11, columns: width, gap: 2, random: &random)
    SwiGLU.forward(x.matrix, into: h.matrix)
    for row in 0..<11 {
      let (gate, up) = (Array(x.row(row)[..<width]), Array(x.row(row)[width...]))
      let expected = Naive.swiGLU(gate: gate, up: up)
      let scale = expected.map(abs).max()!
      #expect(largestDifference(h.row(row), expected) < 1e-6 * max(1, scale))
    }
    #expect(h.gapsAreUntouched)
  }

  @Test(arguments: Architecture.allCases)
  func rotaryTurnsAndTurnsBack(_ architecture: Architecture) {
    let config = tinyConfig(architecture)
    let table = RotaryTable(config: config)
    table.prepare(positions: 5000)
    var random = SplitMix64(seed: 8)
    let size = config.headSize
    let x = Strided(rows: 33, columns: 3 * size, gap: 4, random: &random)
    let before = (0..<33).map(x.row)
    let positions = (0..<33).map { Int32($0 * $0 * 4) }
    table.apply(x.matrix, positions: positions[...])
    for row in 0..<33 {
      let expected = (0..<3).flatMap { head in
        Naive.rotate(
          Array(before[row][head * size..<(head + 1) * size]), position: Int(positions[row]),
          frequencies: config.inverseFrequencies())
      }
      #expect(largestDifference(x.row(row), expected) < 1e-6)
    }
    table.apply(x.matrix, positions: positions[...], inverse: true)
    for row in 0..<33 { #expect(largestDifference(x.row(row), before[row]) < 1e-6) }
    #expect(x.gapsAreUntouched)
  }

  struct Heads: Sendable { var heads, kvHeads, size: Int }

  @Test(
    arguments: [
      Heads(heads: 4, kvHeads: 2, size: 6), Heads(heads: 3, kvHeads: 3, size: 16),
      Heads(heads: 9, kvHeads: 3, size: 64),
    ], [(0, 1), (0, 5), (0, 130), (64, 1), (64, 70), (128, 5), (75, 60)])
  func attention(_ shape: Heads, _ lengths: (trunk: Int, new: Int)) {
    let (heads, kvHeads, size) = (shape.heads, shape.kvHeads, shape.size)
    var random = SplitMix64(seeds: UInt64(heads), UInt64(lengths.trunk), UInt64(lengths.new))
    // A row before the trunk and one between it and the sequence's own.
    let (trunk, first) = (1..<1 + lengths.trunk, lengths.trunk + 2)
    let rows = first + lengths.new + 1
    let q = Strided(rows: rows, columns: heads * size, gap: 2, random: &random, scale: 2)
    let k = Strided(rows: rows, columns: kvHeads * size, gap: 5, random: &random, scale: 2)
    let v = Strided(rows: rows, columns: kvHeads * size, gap: 5, random: &random, scale: 2)
    let output = Strided(rows: rows, columns: heads * size, gap: 1, random: &random)
    let logSumExp = FloatBuffer(count: rows * heads)
    Attention(heads: heads, kvHeads: kvHeads, headSize: size).forward(
      q: q.matrix,
      spans: [
        AttentionSpan(
          firstRow: first, queryCount: lengths.new, trunk: trunk, keys: k.matrix, values: v.matrix)
      ], into: output.matrix, logSumExp: logSumExp.base)
    let own = first..<first + lengths.new
    let seen = Array(trunk) + Array(own)
    let expected = Naive.attention(
      q: own.flatMap(q.row), k: seen.flatMap(k.row), v: seen.flatMap(v.row), past: lengths.trunk,
      heads: heads, kvHeads: kvHeads, size: size)
    let found = own.flatMap(output.row)
    #expect(largestDifference(found, expected) < 5e-6)
    #expect(output.gapsAreUntouched)
  }
}
