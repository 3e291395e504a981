import Foundation

extension PEFTAdapter {
  /// Writes an adapter's folder that PEFT's `from_pretrained` loads. Each of the two files appears
  /// at once; write into a new folder to replace an adapter as a whole.
  /// - Parameters:
  ///   - tensors: A and B under PEFT's names.
  ///   - base: what to load the adapter on: a Hugging Face name or a path.
  public static func write(
    folder: String, rank: Int, alpha: Float, targetModules: [String], base: String,
    tensors: [SafetensorsWriter.Tensor]
  ) throws(ModelError) {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw ModelError("\(folder) can't be made: \(error.localizedDescription)")
    }
    try SafetensorsWriter.write(
      tensors, metadata: ["format": "pt"], to: folder + "/adapter_model.safetensors")
    let ordered = LinearKind.allCases.map(\.rawValue).filter { targetModules.contains($0) }
    let list = ordered.map { "    \(JSONText.quoted($0))" }.joined(separator: ",\n")
    let alphaText =
      alpha.magnitude < 1e9 && alpha == alpha.rounded() ? String(Int(alpha)) : "\(alpha)"
    let text = """
      {
        "base_model_name_or_path": \(JSONText.quoted(base)),
        "bias": "none",
        "fan_in_fan_out": false,
        "inference_mode": true,
        "init_lora_weights": true,
        "lora_alpha": \(alphaText),
        "lora_dropout": 0.0,
        "modules_to_save": null,
        "peft_type": "LORA",
        "r": \(rank),
        "target_modules": [
      \(list)
        ],
        "task_type": "CAUSAL_LM",
        "use_dora": false,
        "use_rslora": false
      }

      """
    let file = try AtomicFile(folder + "/adapter_config.json")
    var failure: ModelError?
    Array(text.utf8).withUnsafeBytes { bytes in
      do throws(ModelError) { try file.write(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    try file.commit()
  }
}
