import Foundation
import LanguageModel

/// The kernels as textbooks write them, in double precision: what the fast ones are compared with.
enum Naive {
  /// a [M, K] · b [K, N], both row-major.
  static func product(_ a: [Double], _ b: [Double], m: Int, k: Int, n: Int) -> [Double] {
    var c = [Double](repeating: 0, count: m * n)
    for i in 0..<m {
      for j in 0..<n {
        for p in 0..<k { c[i * n + j] += a[i * k + p] * b[p * n + j] }
      }
    }
    return c
  }

  static func transpose(_ a: [Double], rows: Int, columns: Int) -> [Double] {
    (0..<columns).flatMap { column in (0..<rows).map { a[$0 * columns + column] } }
  }

  static func rmsNorm(_ x: [Double], weight: [Double], epsilon: Double) -> [Double] {
    let mean = x.reduce(0) { $0 + $1 * $1 } / Double(x.count)
    return zip(x, weight).map { $0 * $1 / (mean + epsilon).squareRoot() }
  }

  static func swiGLU(gate: [Double], up: [Double]) -> [Double] {
    zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 }
  }

  /// One head of one row: element i turns with element i + D/2.
  static func rotate(_ x: [Double], position: Int, frequencies: [Float]) -> [Double] {
    var y = x
    let half = x.count / 2
    for i in 0..<half {
      let angle = Double(Float(position) * frequencies[i])
      y[i] = x[i] * cos(angle) - x[i + half] * sin(angle)
      y[i + half] = x[i + half] * cos(angle) + x[i] * sin(angle)
    }
    return y
  }

  /// Causal attention with an explicit T × T matrix of probabilities. q [T, heads·D],
  /// k and v [past + T, kvHeads·D].
  static func attention(
    q: [Double], k: [Double], v: [Double], past: Int, heads: Int, kvHeads: Int, size: Int
  ) -> [Double] {
    let (width, kvWidth) = (heads * size, kvHeads * size)
    let count = q.count / width
    var output = [Double](repeating: 0, count: q.count)
    for head in 0..<heads {
      let shared = head / (heads / kvHeads)
      for t in 0..<count {
        let visible = past + t + 1
        let scores = (0..<visible).map { s in
          (0..<size).reduce(0.0) {
            $0 + q[t * width + head * size + $1] * k[s * kvWidth + shared * size + $1]
          } / Double(size).squareRoot()
        }
        let top = scores.max()!
        let weights = scores.map { exp($0 - top) }
        let total = weights.reduce(0, +)
        for s in 0..<visible {
          for d in 0..<size {
            output[t * width + head * size + d] +=
              weights[s] / total * v[s * kvWidth + shared * size + d]
          }
        }
      }
    }
    return output
  }
}

/// A strided matrix with junk between the rows, which no kernel may read or write.
final class Strided {
  let buffer: FloatBuffer
  let matrix: Matrix
  private let junk: Float = 1e30

  init(rows: Int, columns: Int, gap: Int, random: inout SplitMix64, scale: Float = 1) {
    buffer = FloatBuffer(count: max(1, rows * (columns + gap)))
    buffer.base.update(repeating: junk, count: buffer.count)
    matrix = Matrix(buffer.base, rows: rows, columns: columns, stride: columns + gap)
    for row in 0..<rows {
      for column in 0..<columns {
        matrix.row(row)[column] = Float.random(in: -scale...scale, using: &random)
      }
    }
  }

  var values: [Double] {
    (0..<matrix.rows).flatMap { row in
      (0..<matrix.columns).map { Double(matrix.row(row)[$0]) }
    }
  }

  func row(_ index: Int) -> [Double] { (0..<matrix.columns).map { Double(matrix.row(index)[$0]) } }

  var gapsAreUntouched: Bool {
    (0..<matrix.rows).allSatisfy { row in
      (matrix.columns..<matrix.stride).allSatisfy { matrix.row(row)[$0] == junk }
    }
  }
}

func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count)
  return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
