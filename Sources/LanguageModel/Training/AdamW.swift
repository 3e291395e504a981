import CKernels

/// AdamW (arXiv 1711.05101) with global-norm clipping, over flat buffers, as PyTorch computes it.
public struct AdamWConfig: Sendable, Equatable, Codable {
  public var learningRate: Float
  public var beta1: Float = 0.9
  public var beta2: Float = 0.999
  public var epsilon: Float = 1e-8
  public var weightDecay: Float = 0
  /// Gradients are scaled down to this global L2 norm; 0 leaves them.
  public var maxGradientNorm: Float = 1

  public init(
    learningRate: Float, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
    weightDecay: Float = 0, maxGradientNorm: Float = 1
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.maxGradientNorm = maxGradientNorm
  }
}

public final class AdamW: Sendable {
  /// First and second moments, in the parameters' layout.
  public let first: FloatBuffer
  public let second: FloatBuffer

  public init(parameterCount: Int) {
    first = FloatBuffer(count: parameterCount)
    second = FloatBuffer(count: parameterCount)
  }

  /// One update; `step` counts from 1. Gradients are left as they were. Returns their global norm
  /// before clipping; a norm that isn't finite changes nothing, and the caller decides.
  @discardableResult
  public func update(
    _ parameters: FloatBuffer, gradients: FloatBuffer, step: Int, config: AdamWConfig
  ) -> Float {
    precondition(parameters.count == first.count && gradients.count == first.count)
    let norm = Self.norm(gradients)
    guard norm.isFinite else { return norm }
    // PyTorch's clip_grad_norm_: the 1e-6 and the cap at 1 are its own.
    let clip =
      config.maxGradientNorm > 0 ? min(1, config.maxGradientNorm / (norm + 1e-6)) : 1
    let correction1 = 1 - powi(Double(config.beta1), step)
    let correction2 = 1 - powi(Double(config.beta2), step)
    let stepSize = Float(Double(config.learningRate) / correction1)
    let rootCorrection = Float(correction2.squareRoot())
    let decay = 1 - config.learningRate * config.weightDecay
    let update = hs_adamw_step(
      clip: clip, beta1: config.beta1, beta2: config.beta2, step_size: stepSize,
      root_correction: rootCorrection, epsilon: config.epsilon, decay: decay)
    let (p, g, m, v) = (parameters.base, gradients.base, first.base, second.base)
    parallelRows(parameters.count, minimumPerThread: 4096) { range in
      let start = range.lowerBound
      hs_adamw(range.count, update, p + start, g + start, m + start, v + start)
    }
    parameters.changed()
    return norm
  }

  /// The L2 norm, summed in Double in a fixed order.
  package static func norm(_ gradients: FloatBuffer) -> Float {
    let block = 4096
    let blocks = (gradients.count + block - 1) / block
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, blocks)) { sums in
      let sums = sums.baseAddress!
      parallelRows(blocks, minimumPerThread: 16) { range in
        for index in range {
          let p = gradients.base + index * block
          sums[index] = dot(p, p, min(block, gradients.count - index * block))
        }
      }
      return Float((0..<blocks).reduce(0.0) { $0 + Double(sums[$1]) }.squareRoot())
    }
  }

  private func powi(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<exponent { result *= base }
    return result
  }
}
