import Foundation
import LanguageModel
import Testing

/// Truncated, corrupt and lying files: one clear sentence each that names the file.
struct CorruptFileTests {
  struct Bad: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// What the sentence must say.
    var says: String
    var bytes: [UInt8]

    init(_ name: String, says: String, _ bytes: some Sequence<UInt8>) {
      (testDescription, self.says, self.bytes) = (name, says, Array(bytes))
    }
  }

  private static func gguf(
    without: Set<String> = [], _ change: (inout GGUFBuilder) -> Void = { _ in }
  ) -> [UInt8] {
    var builder = GGUFBuilder.llama(without: without)
    change(&builder)
    return builder.build()
  }

  @Test func theWholeFileIsGood() throws {
    let folder = try TemporaryFolder()
    let model = try ModelFiles(path: folder.write("m.gguf", Self.gguf()))
    #expect(model.tokenizer.encode("abcab") == [4, 3])
    #expect(model.config.headSize == 4)
    #expect(try model.chatFormat().endOfTurn == 6)
  }

  static let badGGUFs: [Bad] = [
    Bad("empty", says: "is empty", []),
    Bad("too short", says: "truncated", "GG".utf8),
    Bad(
      "not GGUF", says: "doesn't begin with", "PK\u{3}\u{4}".utf8 + [UInt8](repeating: 0, count: 99)
    ),
    Bad("version 1", says: "version 1 can't be read", gguf { $0.version = 1 }),
    Bad("big-endian", says: "big-endian", gguf { $0.version = 3 << 24 }),
    Bad("cut in the header", says: "truncated", gguf().prefix(300)),
    Bad("cut in the data", says: "truncated", gguf().dropLast(200)),
    Bad("tensor count", says: "the number of tensors is", gguf { $0.tensorCount = 1 << 60 }),
    Bad("key count", says: "the number of metadata keys is", gguf { $0.pairCount = .max }),
    Bad("one key too many", says: "m.gguf", gguf { $0.pairCount = 15 }),
    Bad(
      "string length", says: "the length of the value of x",
      gguf { $0.raw("x", type: 8, GGUFBuilder.bytes(UInt64.max)) }),
    Bad(
      "list length", says: "the length of x is",
      gguf {
        $0.raw("x", type: 9, GGUFBuilder.bytes(UInt32(4)) + GGUFBuilder.bytes(UInt64(1) << 61))
      }),
    Bad(
      "nested lists", says: "nested too deeply",
      gguf {
        let level = GGUFBuilder.bytes(UInt32(9)) + GGUFBuilder.bytes(UInt64(1))
        $0.raw("x", type: 9, (0..<100).flatMap { _ in level })
      }),
    Bad("value type", says: "unknown value type 77", gguf { $0.raw("x", type: 77, [0]) }),
    Bad(
      "not UTF-8", says: "not valid UTF-8",
      gguf { $0.raw("x", type: 8, GGUFBuilder.bytes(UInt64(1)) + [0xFF]) }),
    Bad("key twice", says: "is there twice", gguf { $0.string("general.architecture", "llama") }),
    Bad("tensor twice", says: "is there twice", gguf { $0.tensor("token_embd.weight", [8, 7]) }),
    Bad("overlap", says: "overlap", gguf { $0.tensor("x", [8], offset: 0) }),
    Bad("misaligned", says: "isn't aligned", gguf { $0.tensor("x", [1], offset: 4) }),
    Bad("far offset", says: "truncated or corrupt", gguf { $0.tensor("x", [8], offset: 1 << 62) }),
    Bad("huge shape", says: "impossibly large", gguf { $0.tensor("x", [1 << 39, 1 << 39]) }),
    Bad("huge dimension", says: "a dimension of", gguf { $0.tensor("x", [1 << 41]) }),
    Bad("zero dimension", says: "a dimension of 0", gguf { $0.tensor("x", [0]) }),
    Bad("rank", says: "gives it 9 dimensions", gguf { $0.tensor("x", [1], rank: 9) }),
    Bad("tensor type", says: "unknown type 200", gguf { $0.tensor("x", [32], type: 200) }),
    Bad("known type", says: "type IQ4_XS", gguf { $0.tensor("x", [32], type: 23) }),
    Bad(
      "part of a block", says: "aren't whole blocks of 32", gguf { $0.tensor("x", [33], type: 2) }),
    Bad("a part", says: "one of 3 parts", gguf { $0.number("split.count", 3) }),
    Bad("alignment", says: "power of two", gguf { $0.number("general.alignment", 33) }),
    Bad(
      "no architecture", says: "general.architecture is missing",
      gguf(without: ["general.architecture"])),
    Bad("no size", says: "llama.block_count is missing", gguf(without: ["llama.block_count"])),
    Bad(
      "missing tensor", says: "gate_proj.weight is missing",
      gguf(without: ["blk.0.ffn_gate.weight"])),
    Bad(
      "missing embedding", says: "token_embd.weight is missing",
      gguf(without: ["token_embd.weight"])),
    Bad(
      "wrong shape", says: "has the shape [8, 4], expected [8, 8]",
      gguf(without: ["blk.0.attn_q.weight"]) { $0.tensor("blk.0.attn_q.weight", [4, 8]) }),
    Bad(
      "heads", says: "can't share",
      gguf(without: ["llama.attention.head_count_kv"]) {
        $0.number("llama.attention.head_count_kv", 7)
      }),
    Bad("experts", says: "expert_count = 8", gguf { $0.number("llama.expert_count", 8) }),
    Bad("window", says: "sliding_window", gguf { $0.number("llama.attention.sliding_window", 9) }),
    Bad("rope", says: "rope scaling yarn", gguf { $0.string("llama.rope.scaling.type", "yarn") }),
    Bad("wrong type", says: "must be a number", gguf { $0.string("llama.rope.freq_base", "x") }),
    Bad(
      "tokenizer", says: "tokenizer llama is not supported",
      gguf(without: ["tokenizer.ggml.model"]) { $0.string("tokenizer.ggml.model", "llama") }),
    Bad(
      "pre-tokenizer", says: "pre-tokenizer viking is not supported",
      gguf(without: ["tokenizer.ggml.pre"]) { $0.string("tokenizer.ggml.pre", "viking") }),
    Bad(
      "no tokens", says: "tokenizer.ggml.tokens is missing",
      gguf(without: ["tokenizer.ggml.tokens"])),
    Bad(
      "token twice", says: "are both \"a\"",
      gguf(without: ["tokenizer.ggml.tokens"]) {
        $0.strings("tokenizer.ggml.tokens", ["a", "b", "c", "ab", "abc", "a", "z"])
      }),
    Bad(
      "token types", says: "7 tokens with 8 types",
      gguf(without: ["tokenizer.ggml.token_type"]) {
        $0.raw(
          "tokenizer.ggml.token_type", type: 9,
          GGUFBuilder.bytes(UInt32(0)) + GGUFBuilder.bytes(UInt64(8))
            + [1, 1, 1, 1, 1, 3, 3, 3])
      }),
    Bad(
      "merge", says: "merge 0 needs the token \"zz\"",
      gguf(without: ["tokenizer.ggml.merges"]) { $0.strings("tokenizer.ggml.merges", ["a zz"]) }),
    Bad(
      "merge form", says: "merge 0 should be two tokens",
      gguf(without: ["tokenizer.ggml.merges"]) { $0.strings("tokenizer.ggml.merges", ["ab"]) }),
    Bad(
      "end token", says: "token 99 is outside",
      gguf { $0.number("tokenizer.ggml.eot_token_id", 99) }),
  ]

  @Test(arguments: badGGUFs)
  func badGGUFsAreRefused(bad: Bad) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("m.gguf", bad.bytes)
    let error = #expect(throws: ModelError.self) { try ModelFiles(path: path) }
    Self.check(error, names: "m.gguf", says: bad.says)
  }

  private static func safetensors(_ header: String, data: Int = 0) -> [UInt8] {
    GGUFBuilder.bytes(UInt64(header.utf8.count)) + Array(header.utf8)
      + [UInt8](repeating: 0, count: data)
  }

  private static func entry(_ type: String, _ shape: String, _ from: Int, _ to: Int) -> String {
    "{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(from),\(to)]}"
  }

  static let badSafetensors: [Bad] = [
    Bad("short", says: "too short", [1, 2, 3]),
    Bad("header length", says: "is truncated", GGUFBuilder.bytes(UInt64.max) + Array("{}".utf8)),
    Bad("not JSON", says: "not valid JSON", safetensors("{\"a\": nope}")),
    Bad(
      "huge number", says: "safetensors: line 2: the number 1e400 is out of range",
      safetensors("{\n\"a\": 1e400}")),
    Bad("deep JSON", says: "nested more than", safetensors(String(repeating: "[", count: 9999))),
    Bad("not an object", says: "expected a JSON object", safetensors("[1, 2]")),
    Bad(
      "type", says: "F8_E5M2 is not supported",
      safetensors("{\"a\":\(entry("F8_E5M2", "[1]", 0, 1))}", data: 1)),
    Bad(
      "beyond", says: "beyond the file's",
      safetensors("{\"a\":\(entry("F32", "[4]", 0, 16))}", data: 8)),
    Bad(
      "backwards", says: "beyond the file's",
      safetensors("{\"a\":\(entry("F32", "[1]", 8, 4))}", data: 8)),
    Bad(
      "shape", says: "takes 12 bytes", safetensors("{\"a\":\(entry("F32", "[3]", 0, 8))}", data: 8)),
    Bad(
      "huge", says: "impossibly large",
      safetensors("{\"a\":\(entry("F32", "[4611686018427387904,4]", 0, 8))}", data: 8)),
    Bad(
      "negative", says: "whole numbers",
      safetensors("{\"a\":\(entry("F32", "[-1]", 0, 8))}", data: 8)),
    Bad("no shape", says: "shape is missing", safetensors("{\"a\":{\"dtype\":\"F32\"}}")),
    Bad(
      "hole", says: "doesn't begin where",
      safetensors("{\"a\":\(entry("F32", "[1]", 4, 8))}", data: 8)),
    Bad(
      "overlap", says: "doesn't begin where",
      safetensors(
        "{\"a\":\(entry("F32", "[2]", 0, 8)),\"b\":\(entry("F32", "[1]", 4, 8))}", data: 8)),
    Bad(
      "left over", says: "4 bytes belong to no tensor",
      safetensors("{\"a\":\(entry("F32", "[1]", 0, 4))}", data: 8)),
    Bad(
      "twice", says: "there twice",
      safetensors(
        "{\"a\":\(entry("F32", "[1]", 0, 4)),\"a\":\(entry("F32", "[1]", 4, 8))}", data: 8)),
    Bad("metadata", says: "must be a string", safetensors("{\"__metadata__\":{\"x\":1}}")),
  ]

  @Test(arguments: badSafetensors)
  func badSafetensorsAreRefused(bad: Bad) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("w.safetensors", bad.bytes)
    let error = #expect(throws: ModelError.self) { try SafetensorsFile(path: path) }
    Self.check(error, names: "w.safetensors", says: bad.says)
  }

  /// (file, text replaced, replacement, what the sentence says)
  @Test(arguments: [
    ("tokenizer.json", "\"type\": \"BPE\"", "\"type\": \"Unigram\"", "Unigram is not supported"),
    ("tokenizer.json", "\"byte_fallback\": false", "\"byte_fallback\": true", "byte_fallback"),
    ("tokenizer.json", "\"individual_digits\": true", "\"individual_digits\": false", "Digits"),
    ("tokenizer.json", "\"Digits\"", "\"Punctuation\"", "Punctuation + ByteLevel is not supported"),
    (
      "tokenizer.json", "\"normalizer\": null", "\"normalizer\": {\"type\": \"Lowercase\"}",
      "Lowercase"
    ),
    (
      "tokenizer.json", "\"use_regex\": true", "\"use_regex\": 1", "use_regex must be true or false"
    ),
    ("tokenizer.json", "\"lstrip\": false", "\"lstrip\": true", "lstrip"),
    ("tokenizer.json", "\"!\": 0", "\"!\": 1", "both have the id 1"),
    ("tokenizer.json", "\"!\": 0", "\"!\": 99999999", "must be 0 to"),
    ("tokenizer.json", "\"merges\"", "\"merge\"", "merges is missing"),
    ("tokenizer.json", "\"model\": {", "\"model\": {{", "a key was expected"),
    ("tokenizer.json", "\"id\": 511", "\"id\": 600", "the network only 512"),
    (
      "config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3",
      "layers.2.input_layernorm"
    ),
    ("config.json", "\"head_dim\": 16", "\"head_dim\": 32", "expected [128, 64]"),
    ("config.json", "\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false", "lm_head"),
    (
      "tokenizer_config.json", "\"backend\"", "\"chat_template\": 3, \"backend\"",
      "chat_template must be"
    ),
  ])
  func badFoldersAreRefused(file: String, from: String, to: String, says: String) throws {
    let folder = try TemporaryFolder()
    let model = try folder.copy(Fixtures.reference("tiny-llama"), as: "model")
    let url = URL(fileURLWithPath: model + "/" + file)
    let text = try String(contentsOf: url, encoding: .utf8)
    #expect(text.contains(from))
    try Data(text.replacingOccurrences(of: from, with: to).utf8).write(to: url)
    let error = #expect(throws: ModelError.self) { try ModelFiles(path: model) }
    Self.check(error, names: "model", says: says)
  }

  @Test(arguments: ["config.json", "tokenizer.json", "model.safetensors"])
  func missingFilesAreNamed(file: String) throws {
    let folder = try TemporaryFolder()
    let model = try folder.copy(Fixtures.reference("tiny-llama"), as: "model")
    try FileManager.default.removeItem(atPath: model + "/" + file)
    let error = #expect(throws: ModelError.self) { try ModelFiles(path: model) }
    Self.check(error, names: "model", says: file)
    let nothing = #expect(throws: ModelError.self) { try ModelFiles(path: model + "/none.gguf") }
    Self.check(nothing, names: "none.gguf", says: "there is no model at")
  }

  @Test(arguments: [
    ("{\"weight_map\": {\"a\": \"../x.safetensors\"}}", "must be in a .safetensors file"),
    (
      "{\"weight_map\": {\"a\": \"model.safetensors.index.json\"}}",
      "must be in a .safetensors file"
    ),
    ("{\"weight_map\": {\"a\": \"loop.safetensors\"}}", "loop.safetensors can't be opened"),
    ("{\"weight_map\": {\"a\": \"one.safetensors\"}}", "the tensor a is missing"),
    ("{\"weight_map\": {\"b\": \"one.safetensors\", \"b\": \"one.safetensors\"}}", "there twice"),
    ("{\"weight_map\": 3}", "weight_map must be an object"),
    ("{}", "weight_map is missing"),
  ])
  func badIndexesAreRefused(index: String, says: String) throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("model.safetensors.index.json", index.utf8)
    try SafetensorsWriter.write([("b", [1], [1])], to: folder.path + "/one.safetensors")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/loop.safetensors", withDestinationPath: "loop.safetensors")
    let error = #expect(throws: ModelError.self) { try HuggingFaceTensors(folder: folder.path) }
    Self.check(error, names: folder.path, says: says)
  }

  private static func check(_ error: ModelError?, names: String, says: String) {
    let text = error?.description ?? ""
    #expect(text.contains(names) && text.contains(says), "\(text)")
    #expect(!text.contains("\n") && text.count < 500)
  }
}
