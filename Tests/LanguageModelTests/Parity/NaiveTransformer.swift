import Foundation
import LanguageModel

/// A whole network in double precision, one token after another, from the textbooks' formulas; any
/// token may stand at any position.
struct NaiveTransformer {
  let parameters: Parameters
  private var config: ModelConfig { parameters.config }

  private func weights(_ name: String) -> [Double]? {
    parameters.layout[name].map { entry in
      (0..<entry.count).map { Double(parameters.buffer.base[entry.offset + $0]) }
    }
  }

  /// x [rows, in] through a linear layer, with its bias if it has one.
  private func linear(_ x: [[Double]], _ name: String, weight: [Double]? = nil) -> [[Double]] {
    let matrix = weight ?? weights("\(name).weight")!
    let width = x[0].count
    let outputs = matrix.count / width
    let bias = weights("\(name).bias") ?? [Double](repeating: 0, count: outputs)
    let transposed = Naive.transpose(matrix, rows: outputs, columns: width)
    return x.map { row in
      zip(Naive.product(row, transposed, m: 1, k: width, n: outputs), bias).map { $0 + $1 }
    }
  }

  private func norm(_ x: [Double], _ name: String) -> [Double] {
    Naive.rmsNorm(x, weight: weights("\(name).weight")!, epsilon: Double(config.rmsNormEpsilon))
  }

  /// Norm (Qwen3) and rotation of every head of one row.
  private func heads(_ row: [Double], _ name: String, position: Int) -> [Double] {
    let size = config.headSize
    return stride(from: 0, to: row.count, by: size).flatMap { start in
      var head = Array(row[start..<start + size])
      if config.hasQKNorm { head = norm(head, name) }
      return Naive.rotate(head, position: position, frequencies: config.inverseFrequencies())
    }
  }

  /// Logits at every token; the first one stands at `firstPosition`.
  func logits(_ tokens: [TokenID], firstPosition: Int) -> [[Double]] {
    let embedding = weights("model.embed_tokens.weight")!
    let width = config.hiddenSize
    var x = tokens.map { Array(embedding[Int($0) * width..<(Int($0) + 1) * width]) }
    func add(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
      zip(a, b).map { zip($0, $1).map { $0 + $1 } }
    }
    for layer in 0..<config.layerCount {
      let prefix = "model.layers.\(layer)"
      let normed = x.map { norm($0, "\(prefix).input_layernorm") }
      let (q, k) = (
        linear(normed, "\(prefix).self_attn.q_proj"), linear(normed, "\(prefix).self_attn.k_proj")
      )
      let v = linear(normed, "\(prefix).self_attn.v_proj")
      func rotated(_ rows: [[Double]], _ name: String) -> [Double] {
        rows.enumerated().flatMap {
          heads($1, "\(prefix).self_attn.\(name)", position: firstPosition + $0)
        }
      }
      let attention = Naive.attention(
        q: rotated(q, "q_norm"), k: rotated(k, "k_norm"), v: v.flatMap { $0 }, past: 0,
        heads: config.headCount, kvHeads: config.kvHeadCount, size: config.headSize)
      let query = config.headCount * config.headSize
      let rows = tokens.indices.map { Array(attention[$0 * query..<($0 + 1) * query]) }
      x = add(x, linear(rows, "\(prefix).self_attn.o_proj"))
      let middle = x.map { norm($0, "\(prefix).post_attention_layernorm") }
      let (gate, up) = (
        linear(middle, "\(prefix).mlp.gate_proj"), linear(middle, "\(prefix).mlp.up_proj")
      )
      x = add(
        x,
        linear(
          zip(gate, up).map { Naive.swiGLU(gate: $0, up: $1) }, "\(prefix).mlp.down_proj"))
    }
    let head = weights("lm_head.weight") ?? embedding
    return linear(x.map { norm($0, "model.norm") }, "lm_head", weight: head)
  }
}
