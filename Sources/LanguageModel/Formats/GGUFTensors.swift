/// A GGUF file's tensors as Hugging Face would name and order them.
///
/// The conversion to GGUF reorders the rows of q and k in the llama family, so that the rotation
/// acts on neighbours; here they come back in halves.
public struct GGUFTensors: TensorSource {
  private let file: GGUFFile
  /// Hugging Face's names to the file's.
  private let originals: [String: String]
  public let names: [String]
  private let headCount: Int
  private let kvHeadCount: Int
  private let hasPermutedHeads: Bool

  public var origin: String { file.path }

  public init(_ file: GGUFFile, config: ModelConfig) throws(ModelError) {
    var originals: [String: String] = [:]
    for name in file.entries.keys.sorted() {
      guard let mapped = Self.huggingFaceName(name) else { continue }
      if originals.updateValue(name, forKey: mapped) != nil {
        throw ModelError("\(file.path): two tensors stand for \(mapped)")
      }
    }
    self.file = file
    self.originals = originals
    names = originals.keys.sorted()
    headCount = config.headCount
    kvHeadCount = config.kvHeadCount
    hasPermutedHeads = config.architecture == .llama
  }

  private static let layerNames = [
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
  ]

  /// "blk.3.attn_q.weight" to "model.layers.3.self_attn.q_proj.weight"; nil for what no network of
  /// this module has.
  static func huggingFaceName(_ name: String) -> String? {
    switch name {
    case "token_embd.weight": return "model.embed_tokens.weight"
    case "output_norm.weight": return "model.norm.weight"
    case "output.weight": return "lm_head.weight"
    default: break
    }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "blk", let layer = Int(parts[1]), layer >= 0,
      let middle = layerNames[String(parts[2])], parts[3] == "weight" || parts[3] == "bias"
    else { return nil }
    return "model.layers.\(layer).\(middle).\(parts[3])"
  }

  public func shape(of name: String) -> [Int]? {
    originals[name].flatMap { file.entries[$0]?.shape }
  }

  public func read(
    _ name: String, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    let entry = try entry(name)
    precondition(
      destination.count == entry.shape.reduce(1, *), "the destination must have the tensor's size")
    if entry.shape.count == 2 { return try readRows(name, 0..<entry.shape[0], into: destination) }
    let source = UnsafeRawBufferPointer(rebasing: file.file.bytes[entry.range])
    if let heads = try checkedHeads(name, entry) {
      return readPermutedBias(entry, source, heads: heads, into: destination)
    }
    Dequantization.convert(entry.type, source, to: destination)
  }

  public func readRows(
    _ name: String, _ rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    let matrix = try storedMatrix(name)
    precondition(
      rows.upperBound <= matrix.rows && destination.count == rows.count * matrix.columns,
      "the destination must have the rows' size")
    for row in rows {
      let start = (row - rows.lowerBound) * matrix.columns
      Dequantization.convert(
        matrix.type, matrix.row(row),
        to: UnsafeMutableBufferPointer(
          rebasing: destination[start..<start + matrix.columns]))
    }
  }

  /// A matrix as it lies in the file, with its rows in Hugging Face's order.
  struct StoredMatrix {
    let type: GGUFTensorType
    let rows: Int
    let columns: Int
    fileprivate let bytes: UnsafeRawBufferPointer
    /// The rows of a head that stands interleaved.
    fileprivate let headSize: Int?

    /// One row's blocks.
    func row(_ index: Int) -> UnsafeRawBufferPointer {
      let stored = headSize.map { GGUFTensors.permutedRow(index, headSize: $0) } ?? index
      let size = bytes.count / rows
      return UnsafeRawBufferPointer(rebasing: bytes[stored * size..<(stored + 1) * size])
    }
  }

  /// Throws if there is no such matrix. What it returns is valid as long as these tensors are.
  func storedMatrix(_ name: String) throws(ModelError) -> StoredMatrix {
    let entry = try entry(name)
    guard entry.shape.count == 2 else {
      throw ModelError("\(origin): the tensor \(name) is no matrix")
    }
    return StoredMatrix(
      type: entry.type, rows: entry.shape[0], columns: entry.shape[1],
      bytes: UnsafeRawBufferPointer(rebasing: file.file.bytes[entry.range]),
      headSize: try checkedHeads(name, entry).map { entry.shape[0] / $0 })
  }

  public func release(_ name: String) {
    if let original = originals[name], let entry = file.entries[original] {
      file.file.release(entry.range)
    }
  }

  private func entry(_ name: String) throws(ModelError) -> GGUFFile.Entry {
    guard let original = originals[name], let entry = file.entries[original] else {
      throw ModelError("\(origin): there is no tensor \(name)")
    }
    return entry
  }

  private func checkedHeads(_ name: String, _ entry: GGUFFile.Entry) throws(ModelError) -> Int? {
    guard let heads = permutedHeads(name) else { return nil }
    guard entry.shape[0] % (2 * heads) == 0 else {
      throw ModelError(
        "\(origin): \(entry.shape[0]) rows of \(name) can't be divided into \(heads) heads")
    }
    return heads
  }

  private func readPermutedBias(
    _ entry: GGUFFile.Entry, _ source: UnsafeRawBufferPointer, heads: Int,
    into destination: UnsafeMutableBufferPointer<Float>
  ) {
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: destination.count)
    defer { values.deallocate() }
    Dequantization.convert(entry.type, source, to: values)
    for row in 0..<values.count {
      destination[row] = values[Self.permutedRow(row, headSize: values.count / heads)]
    }
  }

  /// The number of heads whose rows are interleaved in the file, nil if none are.
  func permutedHeads(_ name: String) -> Int? {
    guard hasPermutedHeads else { return nil }
    if name.contains(".q_proj.") { return headCount }
    if name.contains(".k_proj.") { return kvHeadCount }
    return nil
  }

  /// The file's row for Hugging Face's: within a head, element `half * size/2 + pair` is stored at
  /// `pair * 2 + half`.
  static func permutedRow(_ row: Int, headSize: Int) -> Int {
    let (head, element) = row.quotientAndRemainder(dividingBy: headSize)
    let (half, pair) = element.quotientAndRemainder(dividingBy: headSize / 2)
    return head * headSize + pair * 2 + half
  }
}
