import LanguageModel
import Testing

/// Every architecture against PyTorch: logits, loss, each gradient, three optimiser steps, adapters.
@Suite struct TinyModelParityTests {
  private func load(
    _ architecture: Architecture
  ) throws -> (transformer: Transformer, reference: SafetensorsFile, batch: ReferenceBatch) {
    let folder = "tiny-\(architecture.rawValue)"
    let reference = try Reference.tensors("\(folder)/reference.safetensors")
    let files = try ModelFiles.find(Reference.path(folder))
    return (try Transformer(files), reference, try ReferenceBatch(reference))
  }

  private func compareLogits(
    _ transformer: Transformer, _ adapter: LoRAParameters?, _ batch: ReferenceBatch,
    _ expected: [Float], _ kernel: MatMulKernel, _ label: String
  ) {
    let vocabulary = transformer.config.vocabularySize
    var worst: Float = 0
    for (index, sequence) in batch.sequences.enumerated() {
      let start = index * batch.longest * vocabulary
      let logits = allLogits(transformer, sequence, adapter: adapter, kernel: kernel)
      worst = max(worst, largestDifference(logits, expected[start..<start + logits.count]))
    }
    measured("\(label) logits, \(kernel)", worst)
    #expect(worst < 1e-4)
  }

  @Test(arguments: Architecture.allCases, [MatMulKernel.library, .invariant])
  func logits(_ architecture: Architecture, _ kernel: MatMulKernel) throws {
    let (transformer, reference, batch) = try load(architecture)
    compareLogits(
      transformer, nil, batch, try reference.floats("logits"), kernel, "\(architecture)")
  }

  /// The loss, and every tensor's gradient relative to its largest value.
  @Test(arguments: Architecture.allCases, [false, true])
  func lossAndGradients(_ architecture: Architecture, recompute: Bool) throws {
    let (transformer, reference, batch) = try load(architecture)
    let gradient = Parameters(config: transformer.config)
    let loss = batch.loss(transformer, nil, .full(gradient), recompute: recompute)
    let difference = abs(loss - Double(try reference.floats("loss")[0]))
    measured("\(architecture) loss, recompute \(recompute)", difference)
    #expect(difference < 1e-6)
    try compareGradients(gradient.layout, gradient.buffer, reference, "\(architecture)") {
      "grad.\($0)"
    }
  }

  private func compareGradients(
    _ layout: ParameterLayout, _ buffer: FloatBuffer, _ reference: SafetensorsFile,
    _ label: String, name: (String) -> String
  ) throws {
    var worst: (value: Float, tensor: String) = (0, "")
    for entry in layout.entries {
      let expected = try reference.floats(name(entry.name))
      let scale = expected.map(abs).max()!
      let slice = UnsafeBufferPointer(start: buffer.base + entry.offset, count: entry.count)
      let relative = largestDifference(slice, expected) / scale
      #expect(relative < 1e-3, "\(entry.name)")
      if relative > worst.value { worst = (relative, entry.name) }
    }
    let names = reference.names.filter { $0.hasPrefix("grad.") }
    #expect(names.count == layout.entries.count)
    measured("\(label) gradients, relative, worst in \(worst.tensor)", worst.value)
  }

  @Test(arguments: Architecture.allCases)
  func threeOptimiserSteps(_ architecture: Architecture) throws {
    let (transformer, reference, batch) = try load(architecture)
    let parameters = transformer.parameters
    let gradient = Parameters(config: transformer.config)
    let optimizer = AdamW(parameterCount: parameters.buffer.count)
    let settings = AdamWConfig(learningRate: 1e-3, weightDecay: 0.01, maxGradientNorm: 1)
    let losses = try reference.floats("adamw_losses")
    let norms = try reference.floats("adamw_grad_norms")
    var worst = (loss: 0.0, norm: Float(0), weight: Float(0))
    for step in 1...3 {
      gradient.buffer.zero()
      let loss = batch.loss(transformer, nil, .full(gradient))
      let norm = optimizer.update(
        parameters.buffer, gradients: gradient.buffer, step: step, config: settings)
      worst.loss = max(worst.loss, abs(loss - Double(losses[step - 1])))
      worst.norm = max(worst.norm, abs(norm - norms[step - 1]) / norms[step - 1])
    }
    for entry in parameters.layout.entries {
      let slice = UnsafeBufferPointer(
        start: parameters.buffer.base + entry.offset, count: entry.count)
      let difference = largestDifference(slice, try reference.floats("adamw3.\(entry.name)"))
      worst.weight = max(worst.weight, difference)
    }
    measured("\(architecture) AdamW losses", worst.loss)
    measured("\(architecture) AdamW gradient norms, relative", worst.norm)
    measured("\(architecture) AdamW final weights", worst.weight)
    #expect(worst.loss < 1e-6)
    #expect(worst.norm < 1e-5)
    #expect(worst.weight < 1e-4)
  }

  @Test(arguments: Architecture.allCases, [MatMulKernel.library, .invariant])
  func adapter(_ architecture: Architecture, _ kernel: MatMulKernel) throws {
    let (transformer, _, batch) = try load(architecture)
    let folder = "tiny-\(architecture.rawValue)"
    let reference = try Reference.tensors("\(folder)/adapter_reference.safetensors")
    let adapter = try LoRAParameters.load(
      folder: Reference.path("\(folder)/adapter"), model: transformer.config)
    let label = "\(architecture) adapter"
    compareLogits(
      transformer, adapter, batch, try reference.floats("logits"), kernel, label)
    let gradient = LoRAParameters(config: adapter.config, model: transformer.config)
    let loss = batch.loss(transformer, adapter, .lora(gradient))
    let difference = abs(loss - Double(try reference.floats("loss")[0]))
    measured("\(label) loss", difference)
    #expect(difference < 1e-6)
    try compareGradients(gradient.layout, gradient.buffer, reference, label) { name in
      let module = name.dropLast(".weight".count)
      return "grad.base_model.model.\(module).default.weight"
    }
  }
}
