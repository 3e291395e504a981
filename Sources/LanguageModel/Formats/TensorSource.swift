/// Named float tensors in a file or a folder, under Hugging Face's names
/// ("model.layers.0.self_attn.q_proj.weight") and PyTorch's row-major `[out, in]` shapes, whatever
/// the format on disk.
public protocol TensorSource: Sendable {
  /// The file or folder, for messages.
  var origin: String { get }
  /// Every tensor's name, ascending.
  var names: [String] { get }
  /// The shape, outermost dimension first; nil if there is no such tensor.
  func shape(of name: String) -> [Int]?
  /// Converts the whole tensor to Float. `destination.count` must be the shape's product.
  /// Throws if there is no such tensor or its type can't be converted.
  func read(_ name: String, into destination: UnsafeMutableBufferPointer<Float>) throws(ModelError)
  /// Converts some rows of a matrix to Float; `destination` has room for exactly these.
  func readRows(
    _ name: String, _ rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError)
  /// Lets go of the memory that reading a tensor took: for one that won't be read again soon.
  func release(_ name: String)
}

extension TensorSource {
  /// The whole tensor as an array, row-major.
  public func floats(_ name: String) throws(ModelError) -> [Float] {
    guard let shape = shape(of: name) else {
      throw ModelError("\(origin): there is no tensor \(name)")
    }
    let count = shape.reduce(1, *)
    var values = [Float](repeating: 0, count: count)
    var failure: ModelError?
    values.withUnsafeMutableBufferPointer { buffer in
      do throws(ModelError) { try read(name, into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    return values
  }

  /// Throws, naming the first tensor at fault, unless every tensor that `config` calls for is
  /// there with its shape. Further tensors are allowed.
  public func validate(for config: ModelConfig) throws(ModelError) {
    for (name, expected) in expectedTensors(for: config) {
      guard let shape = shape(of: name) else {
        throw ModelError("\(origin): the tensor \(name) is missing")
      }
      if shape != expected {
        throw ModelError(
          "\(origin): the tensor \(name) has the shape \(shape), expected \(expected)")
      }
    }
  }
}

/// The tensors of a network in a fixed order: embedding; per layer norm, q, k, v (each followed by
/// its bias), q norm, k norm, o, norm, gate, up, down; last norm; head unless tied.
public func expectedTensors(for config: ModelConfig) -> [(name: String, shape: [Int])] {
  let hidden = config.hiddenSize
  let query = config.headCount * config.headSize
  let keyValue = config.kvHeadCount * config.headSize
  var list: [(name: String, shape: [Int])] = [
    ("model.embed_tokens.weight", [config.vocabularySize, hidden])
  ]
  for layer in 0..<config.layerCount {
    let prefix = "model.layers.\(layer)."
    list.append((prefix + "input_layernorm.weight", [hidden]))
    for (name, rows) in [("q_proj", query), ("k_proj", keyValue), ("v_proj", keyValue)] {
      list.append((prefix + "self_attn.\(name).weight", [rows, hidden]))
      if config.hasAttentionBias { list.append((prefix + "self_attn.\(name).bias", [rows])) }
    }
    if config.hasQKNorm {
      list.append((prefix + "self_attn.q_norm.weight", [config.headSize]))
      list.append((prefix + "self_attn.k_norm.weight", [config.headSize]))
    }
    list.append((prefix + "self_attn.o_proj.weight", [hidden, query]))
    list.append((prefix + "post_attention_layernorm.weight", [hidden]))
    list.append((prefix + "mlp.gate_proj.weight", [config.intermediateSize, hidden]))
    list.append((prefix + "mlp.up_proj.weight", [config.intermediateSize, hidden]))
    list.append((prefix + "mlp.down_proj.weight", [hidden, config.intermediateSize]))
  }
  list.append(("model.norm.weight", [hidden]))
  if !config.tiedHead { list.append(("lm_head.weight", [config.vocabularySize, hidden])) }
  return list
}
