import CKernels
import Foundation

/// Rotary position embedding, Hugging Face's pairing: channel i turns with channel i + D/2 by
/// position · θ^(−2i/D) (arXiv 2104.09864).
package final class RotaryTable {
  private let inverseFrequencies: [Float]
  private let half: Int
  private var cosines: [Float] = []
  private var sines: [Float] = []

  package init(config: ModelConfig) {
    half = config.headSize / 2
    inverseFrequencies = config.inverseFrequencies()
  }

  /// Makes sure that positions below `count` are in the table; called before any parallel use.
  package func prepare(positions count: Int) {
    let known = cosines.count / half
    guard count > known else { return }
    for position in known..<max(count, known * 2, 256) {
      for frequency in inverseFrequencies {
        // The product in fp32, as PyTorch has it.
        let angle = Double(Float(position) * frequency)
        cosines.append(Float(cos(angle)))
        sines.append(Float(sin(angle)))
      }
    }
  }

  /// Turns all heads of every row of x in place; `positions` are the rows'.
  /// Backward is the same turn the other way: `inverse`.
  package func apply(_ x: Matrix, positions: ArraySlice<Int32>, inverse: Bool = false) {
    let half = self.half
    let heads = x.columns / (2 * half)
    let direction: Float = inverse ? -1 : 1
    cosines.withUnsafeBufferPointer { cosines in
      sines.withUnsafeBufferPointer { sines in
        let tables = (cosines.baseAddress!, sines.baseAddress!)
        parallelRows(x.rows, minimumPerThread: 16) { rows in
          for row in rows {
            let offset = Int(positions[positions.startIndex + row]) * half
            hs_rotate(heads, half, tables.0 + offset, tables.1 + offset, direction, x.row(row))
          }
        }
      }
    }
  }
}
