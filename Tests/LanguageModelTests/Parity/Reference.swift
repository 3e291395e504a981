import Foundation
import LanguageModel
import Testing

/// Values computed by PyTorch; Tests/Fixtures/reference/README.md says what each is.
enum Reference {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(
      path: "Fixtures/reference")
  static let repository = folder.deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func path(_ relative: String) -> String { folder.appending(path: relative).path }

  static func tensors(_ relative: String) throws -> SafetensorsFile {
    try SafetensorsFile(path: path(relative))
  }

  /// The default model, which `make model` fetches.
  static let model =
    repository.appending(path: "models/SmolLM2-135M-Instruct.Q4_1.gguf").path
  static let hasModel = FileManager.default.fileExists(atPath: model)

  /// Loaded once and used by one test at a time.
  static let smollm2 = Result { try LoadedModel.load(model) }
}

/// The three sequences that every tiny model's reference is about, and which tokens the loss takes.
struct ReferenceBatch {
  let sequences: [[TokenID]]
  let outputs: [TrainingPass.Output]
  let targets: [TokenID]
  /// Of the padded reference tensors, [3, longest, V].
  let longest: Int

  init(_ file: SafetensorsFile) throws {
    let lengths = try file.integers("lengths")
    let ids = try file.integers("input_ids")
    let mask = try file.integers("loss_mask")
    longest = ids.count / lengths.count
    var sequences: [[TokenID]] = []
    var outputs: [TrainingPass.Output] = []
    var targets: [TokenID] = []
    for (index, length) in lengths.enumerated() {
      let start = index * longest
      sequences.append(ids[start..<start + length].map { TokenID($0) })
      for position in 1..<length where mask[start + position] == 1 {
        outputs.append(.init(sequence: index, position: position - 1))
        targets.append(sequences[index][position])
      }
    }
    self.sequences = sequences
    self.outputs = outputs
    self.targets = targets
  }

  /// The masked mean cross-entropy; its gradients are added to `gradients`.
  func loss(
    _ transformer: Transformer, _ adapter: LoRAParameters?, _ gradients: GradientTarget,
    recompute: Bool = false, chunkRows: Int = 7
  ) -> Double {
    let pass = TrainingPass(
      transformer, sequences: sequences, outputs: outputs, adapter: adapter,
      recompute: recompute)
    var total = 0.0
    pass.backward(chunkRows: chunkRows, gradients: gradients) { range, logits in
      total += crossEntropy(logits, targets: targets[range], count: targets.count)
    }
    return total
  }
}

/// Logits of every token, row by row, through the path that generation takes.
func allLogits(
  _ transformer: Transformer, _ tokens: [TokenID], adapter: LoRAParameters? = nil,
  kernel: MatMulKernel = .invariant, pieces: [Int]? = nil
) -> [Float] {
  let cache = transformer.makeCache()
  let vocabulary = transformer.config.vocabularySize
  let logits = FloatBuffer(count: tokens.count * vocabulary)
  var done = 0
  for count in pieces ?? [tokens.count] {
    let hidden = transformer.extend(
      [.init(tokens: tokens[done..<done + count], cache: cache, wanted: Array(0..<count))],
      adapter: adapter, kernel: kernel)
    transformer.logits(
      hidden.matrix,
      into: Matrix(logits.base + done * vocabulary, rows: count, columns: vocabulary),
      kernel: kernel)
    done += count
  }
  return Array(logits.values)
}

func largestDifference(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Float {
  precondition(a.count == b.count)
  return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

/// log softmax of one row, in double precision.
func logSoftmax(_ row: some Collection<Float>) -> [Double] {
  let top = Double(row.max() ?? 0)
  let total = log(row.reduce(0.0) { $0 + exp(Double($1) - top) })
  return row.map { Double($0) - top - total }
}

/// A measured maximum, for the test's output.
func measured(_ what: String, _ value: some BinaryFloatingPoint) {
  print("measured: \(what): \(value)")
}
