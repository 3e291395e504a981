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

  /// A learner of its own with the same values: a teacher. A frozen base is shared.
  public func copy() -> Learner {
    if let adapter { return Learner(transformer: transformer, adapter: adapter.copy()) }
    let parameters = Parameters(config: transformer.config)
    parameters.buffer.copy(from: transformer.parameters.buffer)
    return Learner(transformer: Transformer(parameters: parameters), adapter: nil)
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
  /// Writes what was trained for others to use: a PEFT adapter folder, or for a whole model its
  /// weights under Hugging Face's names.
  ///
  /// - baseModel: what the adapter belongs to, as PEFT records it.
  public func save(to folder: URL, baseModel: String) throws {
    if let adapter {
      try adapter.save(to: folder.path(percentEncoded: false), baseModel: baseModel)
      return
    }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let tensors = layout.entries.map { entry in
      SafetensorsWriter.Tensor(
        name: entry.name, shape: entry.shape,
        values: UnsafeBufferPointer(start: trained.base + entry.offset, count: entry.count))
    }
    try SafetensorsWriter.write(
      tensors, metadata: ["format": "pt"],
      to: folder.appending(path: "model.safetensors").path(percentEncoded: false))
  }
}
