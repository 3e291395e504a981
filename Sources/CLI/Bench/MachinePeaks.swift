internal import Foundation
internal import LanguageModel

/// What this machine reaches at best, measured: the yardsticks of everything else.
struct MachinePeaks: Sendable, Encodable {
  /// Operations a second of the engine's own products, in cache-friendly sizes.
  var fp32: Double
  /// Nil where the processor has no instructions for it.
  var bf16: Double?
  /// Of quantised weights with activations in signed bytes, whose rounding is part of it.
  var int8: Double
  /// Bytes a second that all threads read together, from memory that no cache holds.
  var bandwidth: Double

  static func measure() -> MachinePeaks {
    MachinePeaks(
      fp32: products(.fp32), bf16: BF16.isSupported ? products(.bf16) : nil,
      int8: products(.quantized), bandwidth: reading())
  }

  func operationsPerSecond(_ precision: Precision) -> Double {
    switch precision {
    case .fp32: fp32
    case .bf16: bf16 ?? fp32
    case .quantized: int8
    }
  }

  private static func products(_ precision: Precision) -> Double {
    let (m, n, k) = (512, 1536, 1536)
    let x = filled(m * k)
    let w = filled(n * k)
    let y = FloatBuffer(count: m * n)
    let matrix = Matrix(w.base, rows: n, columns: k)
    let weight: Weight =
      switch precision {
      case .fp32: .float(matrix)
      case .bf16: .packed(PackedMatrix(weight: matrix))
      case .quantized: .quantized(QuantizedReader.rounded(matrix))
      }
    let kernels: [MatMulKernel] = precision == .fp32 ? [.library, .invariant] : [.invariant]
    let work = 2 * Double(m) * Double(n) * Double(k)
    return kernels.map { kernel in
      best(of: 10, work) {
        MatMul.linear(
          Matrix(x.base, rows: m, columns: k), weight,
          into: Matrix(y.base, rows: m, columns: n), kernel: kernel)
      }
    }.max() ?? 0
  }

  /// From huge pages, as weights stand in them.
  private static func reading() -> Double {
    let count = 1 << 26
    let memory = HugeMemory(count: 4 * count)
    nonisolated(unsafe) let base = memory.base.assumingMemoryBound(to: Float.self)
    base.initialize(repeating: 1, count: count)
    let rows = 1 << 12
    let sums = FloatBuffer(count: rows)
    return best(of: 24, Double(count * 4)) {
      parallelRows(rows) { range in
        let width = count / rows
        for row in range { sums.base[row] = sum(base + row * width, width) }
      }
    }
  }

  private static func sum(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
    var (a, b) = (SIMD16<Float>.zero, SIMD16<Float>.zero)
    let raw = UnsafeRawPointer(values)
    for i in stride(from: 0, to: count, by: 32) {
      a += raw.loadUnaligned(fromByteOffset: 4 * i, as: SIMD16<Float>.self)
      b += raw.loadUnaligned(fromByteOffset: 4 * i + 64, as: SIMD16<Float>.self)
    }
    return (a + b).sum()
  }

  private static func filled(_ count: Int) -> FloatBuffer {
    let buffer = FloatBuffer(count: count)
    for i in 0..<count { buffer.base[i] = Float(i % 17) * 0.125 - 1 }
    return buffer
  }

  /// The best rate, after one call to warm up: a peak is what the machine can, not what it does
  /// while others use it.
  private static func best(of count: Int, _ work: Double, _ body: () -> Void) -> Double {
    body()
    return (0..<count).reduce(0) { best, _ in
      let time = ContinuousClock().measure(body)
      return max(best, work / (time / .seconds(1)))
    }
  }
}
