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

/// The tensors of a network, in the order of its parameters.
public func expectedTensors(for config: ModelConfig) -> [(name: String, shape: [Int])] {
  Parameters.layout(config).entries.map { (name: $0.name, shape: $0.shape) }
}
