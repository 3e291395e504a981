public import Foundation
public import LanguageModel

/// What is trained: an adapter over a frozen base, or all of a model's parameters.
public struct Learner: Sendable {
  public let transformer: Transformer
  public let adapter: LoRAParameters?

  public init(transformer: Transformer, adapter: LoRAParameters?) {
    self.transformer = transformer
    self.adapter = adapter
  }

  /// The trained parameters, flat.
  public var trained: FloatBuffer { adapter?.buffer ?? transformer.parameters.buffer }

  public var layout: ParameterLayout { adapter?.layout ?? transformer.parameters.layout }

  /// Zeroed gradients in the trained parameters' layout.
  func makeGradients() -> GradientTarget {
    if let adapter { return .lora(LoRAParameters(config: adapter.config, model: adapter.model)) }
    return .full(Parameters(config: transformer.config))
  }

  /// A teacher with the same values that will never change: of a whole model in bf16 only its norms are
  /// `trained`.
  public func frozenCopy() -> Learner {
    guard adapter == nil, transformer.precision == .bf16 else { return copy() }
    return Learner(transformer: Transformer(freezing: transformer.parameters), adapter: nil)
  }

  /// A learner of its own with the same values: a teacher. A frozen base is shared.
  public func copy() -> Learner {
    if let adapter { return Learner(transformer: transformer, adapter: adapter.copy()) }
    let parameters = Parameters(config: transformer.config)
    parameters.buffer.copy(from: transformer.parameters.buffer)
    return Learner(
      transformer: Transformer(parameters: parameters, precision: transformer.precision),
      adapter: nil)
  }
}

extension GradientTarget {
  var buffer: FloatBuffer {
    switch self {
    case .full(let parameters): parameters.buffer
    case .lora(let adapter): adapter.buffer
    }
  }
}

extension Learner {
  /// Writes what was trained for others to use: a PEFT adapter folder, or a whole model.
  ///
  /// - baseModel: the path of the model that training started from.
  public func save(to folder: URL, baseModel: String) throws {
    let path = folder.path(percentEncoded: false)
    if let adapter {
      try FileManager.default.createDirectory(
        at: folder.deletingLastPathComponent(), withIntermediateDirectories: true)
      try adapter.save(to: path, baseModel: URL(filePath: baseModel).lastPathComponent)
    } else {
      try transformer.parameters.write(to: path, like: baseModel)
    }
  }
}
