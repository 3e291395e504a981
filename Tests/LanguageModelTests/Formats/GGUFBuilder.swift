/// Builds GGUF files by hand, right ones and lying ones.
struct GGUFBuilder {
  var version: UInt32 = 3
  var tensorCount: UInt64?
  var pairCount: UInt64?
  private var pairs: [[UInt8]] = []
  private var infos: [[UInt8]] = []
  private var data: [UInt8] = []

  static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  static func bytes(_ text: String) -> [UInt8] {
    bytes(UInt64(text.utf8.count)) + Array(text.utf8)
  }

  mutating func raw(_ key: String, type: UInt32, _ value: [UInt8]) {
    pairs.append(Self.bytes(key) + Self.bytes(type) + value)
  }

  mutating func number(_ key: String, _ value: UInt32) { raw(key, type: 4, Self.bytes(value)) }

  mutating func string(_ key: String, _ value: String) { raw(key, type: 8, Self.bytes(value)) }

  mutating func strings(_ key: String, _ values: [String]) {
    let list = Self.bytes(UInt32(8)) + Self.bytes(UInt64(values.count))
    raw(key, type: 9, list + values.flatMap { Self.bytes($0) })
  }

  /// Adds a tensor with its blocks.
  mutating func tensor(_ name: String, _ dimensions: [UInt64], type: UInt32, blocks: [UInt8]) {
    infos.append(
      Self.bytes(name) + Self.bytes(UInt32(dimensions.count))
        + dimensions.flatMap { Self.bytes($0) } + Self.bytes(type) + Self.bytes(UInt64(data.count)))
    data += blocks + [UInt8](repeating: 0, count: (32 - blocks.count % 32) % 32)
  }

  /// Adds an F32 tensor of zeros; what is passed explicitly is written instead of the truth.
  mutating func tensor(
    _ name: String, _ dimensions: [UInt64], type: UInt32 = 0, offset: UInt64? = nil,
    rank: UInt32? = nil
  ) {
    let description =
      Self.bytes(name) + Self.bytes(rank ?? UInt32(dimensions.count))
      + dimensions.flatMap { Self.bytes($0) } + Self.bytes(type)
      + Self.bytes(offset ?? UInt64(data.count))
    infos.append(description)
    let count = dimensions.reduce(UInt64(1)) { $0.multipliedReportingOverflow(by: $1).partialValue }
    if count < 10_000 { data += [UInt8](repeating: 0, count: (Int(count) * 4 + 31) / 32 * 32) }
  }

  func build() -> [UInt8] {
    var file =
      Array("GGUF".utf8) + Self.bytes(version)
      + Self.bytes(tensorCount ?? UInt64(infos.count))
      + Self.bytes(pairCount ?? UInt64(pairs.count))
    file += pairs.joined()
    file += infos.joined()
    file += [UInt8](repeating: 0, count: (32 - file.count % 32) % 32)
    return file + data
  }

  /// A whole one-layer llama with a vocabulary of single bytes, two merges and ChatML's tokens.
  /// `without` leaves out keys and tensors by name.
  static func llama(without: Set<String> = []) -> GGUFBuilder {
    var builder = GGUFBuilder()
    if !without.contains("general.architecture") { builder.string("general.architecture", "llama") }
    let numbers: [(String, UInt32)] = [
      ("llama.block_count", 1), ("llama.context_length", 64), ("llama.embedding_length", 8),
      ("llama.feed_forward_length", 12), ("llama.attention.head_count", 2),
      ("llama.attention.head_count_kv", 1), ("tokenizer.ggml.eos_token_id", 6),
    ]
    for (key, value) in numbers where !without.contains(key) { builder.number(key, value) }
    if !without.contains("tokenizer.ggml.model") { builder.string("tokenizer.ggml.model", "gpt2") }
    if !without.contains("tokenizer.ggml.pre") { builder.string("tokenizer.ggml.pre", "smollm") }
    if !without.contains("tokenizer.ggml.tokens") {
      builder.strings(
        "tokenizer.ggml.tokens", ["a", "b", "c", "ab", "abc", "<|im_start|>", "<|im_end|>"])
    }
    if !without.contains("tokenizer.ggml.merges") {
      builder.strings("tokenizer.ggml.merges", ["a b", "ab c"])
    }
    if !without.contains("tokenizer.ggml.token_type") {
      let types: [Int32] = [1, 1, 1, 1, 1, 3, 3]
      builder.raw(
        "tokenizer.ggml.token_type", type: 9,
        bytes(UInt32(5)) + bytes(UInt64(types.count)) + types.flatMap { bytes($0) })
    }
    let tensors: [(String, [UInt64])] = [
      ("token_embd.weight", [8, 7]), ("blk.0.attn_norm.weight", [8]),
      ("blk.0.attn_q.weight", [8, 8]), ("blk.0.attn_k.weight", [8, 4]),
      ("blk.0.attn_v.weight", [8, 4]), ("blk.0.attn_output.weight", [8, 8]),
      ("blk.0.ffn_norm.weight", [8]), ("blk.0.ffn_gate.weight", [8, 12]),
      ("blk.0.ffn_up.weight", [8, 12]), ("blk.0.ffn_down.weight", [12, 8]),
      ("output_norm.weight", [8]),
    ]
    for (name, dimensions) in tensors where !without.contains(name) {
      builder.tensor(name, dimensions)
    }
    return builder
  }
}
