import CKernels
import COpenBLAS

extension MatMul {
  /// "0.3.21"; the library's own text begins "OpenBLAS 0.3.21 ".
  package static var libraryVersion: String {
    String(cString: openblas_get_config()).split(separator: " ").dropFirst().first.map(String.init)
      ?? "of an unknown version"
  }

  /// The processor that OpenBLAS chose its kernels for: "SkylakeX", "Haswell", …
  package static var libraryCore: String { String(cString: openblas_get_corename()) }

  /// The instructions of our own kernel: "avx512", "avx2" or "baseline".
  package static var instructionSet: String { String(cString: hs_instruction_set()) }

  /// The largest difference of either kernel from a naive product in double precision, on odd shapes.
  /// A sound machine stays below 1e-4.
  package static func largestError() -> Float {
    var worst: Float = 0
    var random = SplitMix64(seed: 1)
    for (m, n, k) in [(1, 65, 129), (37, 131, 576), (130, 9, 33)] {
      let (x, w, y) = (
        FloatBuffer(count: m * k), FloatBuffer(count: n * k), FloatBuffer(count: m * n)
      )
      for i in 0..<x.count { x.base[i] = Float.random(in: -1...1, using: &random) }
      for i in 0..<w.count { w.base[i] = Float.random(in: -1...1, using: &random) }
      for kernel in [MatMulKernel.library, .invariant] {
        linear(
          Matrix(x.base, rows: m, columns: k), Matrix(w.base, rows: n, columns: k),
          into: Matrix(y.base, rows: m, columns: n), kernel: kernel)
        for i in 0..<m {
          for j in 0..<n {
            var sum = 0.0
            for p in 0..<k { sum += Double(x.base[i * k + p]) * Double(w.base[j * k + p]) }
            let difference = abs(y.base[i * n + j] - Float(sum))
            // A NaN compares false with everything; it must not pass for a small difference.
            worst = difference <= worst ? worst : difference
          }
        }
      }
    }
    return worst
  }
}
