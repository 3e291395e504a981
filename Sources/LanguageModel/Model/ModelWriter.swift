import Foundation

extension Parameters {
  /// Writes a whole model that can be loaded from `folder`: the files of the model it was trained
  /// from, `source`, with these weights. A GGUF gives `folder/model.gguf`, a Hugging Face folder
  /// another one.
  ///
  /// Throws one sentence if `source` is gone or the disk refuses.
  public func write(to folder: String, like source: String) throws(ModelError) {
    let files = FileManager.default
    do {
      try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw ModelError("\(folder) can't be made: \(error.localizedDescription)")
    }
    if source.lowercased().hasSuffix(".gguf") {
      return try GGUFWriter.write(
        like: try GGUFFile(path: source), self, to: folder + "/model.gguf")
    }
    try copyDescription(from: source, to: folder)
    let tensors = layout.entries.map { entry in
      SafetensorsWriter.Tensor(
        name: entry.name, shape: entry.shape,
        values: UnsafeBufferPointer(start: buffer.base + entry.offset, count: entry.count))
    }
    try SafetensorsWriter.write(
      tensors, metadata: ["format": "pt"], to: folder + "/model.safetensors")
  }

  /// Configuration, tokenizer and template: everything but the weights.
  private func copyDescription(from source: String, to folder: String) throws(ModelError) {
    let files = FileManager.default
    do {
      for name in try files.contentsOfDirectory(atPath: source).sorted()
      where !name.contains(".safetensors")
        && [".json", ".txt", ".jinja"].contains(where: name.hasSuffix)
      {
        try? files.removeItem(atPath: "\(folder)/\(name)")
        try files.copyItem(atPath: "\(source)/\(name)", toPath: "\(folder)/\(name)")
      }
    } catch {
      throw ModelError("\(source) can't be copied: \(error.localizedDescription)")
    }
  }
}
