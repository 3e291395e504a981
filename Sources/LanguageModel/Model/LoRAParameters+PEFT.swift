import Foundation

extension LoRAParameters {
  /// Reads a PEFT adapter's folder for a network of shape `model`.
  ///
  /// Throws one sentence naming the folder and the tensor or key at fault if the adapter is missing,
  /// of a kind that isn't supported, or was made for another model.
  public static func load(
    folder: String, model: ModelConfig
  ) throws(ModelError) -> LoRAParameters {
    guard FileManager.default.fileExists(atPath: folder + "/adapter_config.json") else {
      throw ModelError("\(folder): there is no adapter (no adapter_config.json)")
    }
    let file = try PEFTAdapter(folder: folder)
    try file.validate(for: model)
    let adapter = LoRAParameters(
      config: LoRAConfig(
        rank: file.rank, alpha: file.alpha,
        targets: file.targetModules.compactMap(LinearKind.init(rawValue:)), scale: file.scale),
      model: model)
    for entry in adapter.layout.entries {
      try file.tensors.read(
        PEFTAdapter.prefix + entry.name,
        into: UnsafeMutableBufferPointer(
          start: adapter.buffer.base + entry.offset, count: entry.count))
    }
    if let bad = adapter.buffer.values.firstIndex(where: { !$0.isFinite }) {
      let entry = adapter.layout.entries.last { $0.offset <= bad }
      throw ModelError(
        "\(folder): the tensor \(PEFTAdapter.prefix)\(entry?.name ?? "") holds"
          + " \(adapter.buffer.values[bad]), expected finite numbers")
    }
    return adapter
  }

  /// Writes a folder that PEFT's `from_pretrained` and `load` read, bit for bit. The folder appears
  /// as a whole or not at all; one that is there is replaced.
  ///
  /// - Parameter baseModel: what the adapter belongs to, a Hugging Face name or a path.
  public func save(to folder: String, baseModel: String) throws(ModelError) {
    // PEFT derives the scale: alpha / r gives an adapter of any other scale back its own.
    let isPlain = config.scale == config.alpha / Float(config.rank)
    let alpha = isPlain ? config.alpha : config.scale * Float(config.rank)
    let tensors = layout.entries.map { entry in
      SafetensorsWriter.Tensor(
        name: PEFTAdapter.prefix + entry.name, shape: entry.shape,
        values: UnsafeBufferPointer(start: buffer.base + entry.offset, count: entry.count))
    }
    try AtomicFolder.replace(folder) { (temporary) throws(ModelError) in
      try PEFTAdapter.write(
        folder: temporary, rank: config.rank, alpha: alpha,
        targetModules: config.targets.map(\.rawValue), base: baseModel, tensors: tensors)
    }
  }
}
