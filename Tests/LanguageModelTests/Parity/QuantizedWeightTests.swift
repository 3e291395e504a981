import Foundation
import LanguageModel
import Testing

/// Quantised weights against the dequantised ones and a naive product in double precision.
struct QuantizedWeightTests {
  /// Types that packed blocks hold exactly, and the others.
  static let exactTypes = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K"]
  static let roundedTypes = ["Q6_K", "F32", "F16", "BF16"]
  static let groups = [
    ["q_proj", "k_proj", "v_proj"].map { "model.layers.0.self_attn.\($0).weight" },
    ["model.layers.0.mlp.down_proj.weight"], ["model.embed_tokens.weight"],
  ]

  @Test(arguments: exactTypes)
  func blocksAreKeptExactly(type: String) throws {
    let model = try BlockFile(type: type)
    for (names, weight) in zip(
      Self.groups, try QuantizedReader.read(Self.groups, from: model.tensors))
    {
      #expect(rows(weight) == (try names.flatMap { try model.tensors.floats($0) }))
    }
  }

  /// A block's largest weight is 127 steps, and rounding costs half a step.
  @Test(arguments: roundedTypes)
  func otherTypesAreRounded(type: String) throws {
    let model = try BlockFile(type: type)
    let names = Self.groups[1]
    let weight = try QuantizedReader.read([names], from: model.tensors)[0]
    let (found, expected) = (rows(weight), try model.tensors.floats(names[0]))
    for start in stride(from: 0, to: expected.count, by: 32) {
      let step = expected[start..<start + 32].map(abs).max()! / 127
      for i in start..<start + 32 { #expect(abs(found[i] - expected[i]) <= step * 0.501) }
    }
  }

  @Test(arguments: exactTypes + roundedTypes, [1, 7, 13])
  func products(type: String, count: Int) throws {
    let model = try BlockFile(type: type)
    for weight in try QuantizedReader.read(Self.groups, from: model.tensors) {
      let x = randomFloats(count * weight.inputs, seed: UInt64(count))
      let matrix = rows(weight)
      let exact = naive(x, matrix, weight)
      let rounded = naive(roundedActivations(x), matrix, weight)
      for instructions in MatMul.quantizedInstructionSets {
        let y = product(x, weight, instructions)
        for i in y.indices {
          #expect(abs(Double(y[i]) - rounded[i].sum) <= 1e-6 * rounded[i].size, "\(instructions)")
          #expect(abs(Double(y[i]) - exact[i].sum) <= 4e-3 * exact[i].size, "\(instructions)")
        }
      }
    }
  }

  @Test(arguments: ["Q4_1", "Q8_0"])
  func aRowDoesNotDependOnTheOthers(type: String) throws {
    let model = try BlockFile(type: type)
    let weight = try QuantizedReader.read([Self.groups[0]], from: model.tensors)[0]
    let x = randomFloats(13 * weight.inputs, seed: 3)
    for instructions in MatMul.quantizedInstructionSets {
      let all = product(x, weight, instructions)
      for row in 0..<13 {
        let alone = product(
          Array(x[row * weight.inputs..<(row + 1) * weight.inputs]), weight, instructions)
        #expect(
          alone.map(\.bitPattern)
            == all[row * weight.outputs..<(row + 1) * weight.outputs].map(\.bitPattern))
      }
    }
  }

  /// A fault upstream must not come out as a number.
  @Test func notANumberStaysOne() throws {
    let weight = try QuantizedReader.read(
      [Self.groups[1]], from: try BlockFile(type: "Q8_0").tensors)[0]
    var x = randomFloats(weight.inputs, seed: 1)
    x[40] = .nan
    #expect(product(x, weight, nil).allSatisfy { $0.isNaN })
  }

  @Test func oddWidthsAreRefused() throws {
    let model = try BlockFile(type: "F32", width: 40)
    let error = #expect(throws: ModelError.self) {
      try QuantizedReader.read([Self.groups[1]], from: model.tensors)
    }
    #expect("\(try #require(error))".contains("its 40 columns aren't a multiple of 32"))
  }

  private func rows(_ weight: QuantizedWeight) -> [Float] {
    var values = [Float](repeating: 0, count: weight.outputs * weight.inputs)
    values.withUnsafeMutableBufferPointer { buffer in
      for row in 0..<weight.outputs {
        weight.row(row, into: buffer.baseAddress! + row * weight.inputs)
      }
    }
    return values
  }

  private func product(_ x: [Float], _ weight: QuantizedWeight, _ instructions: String?) -> [Float]
  {
    let count = x.count / weight.inputs
    let (input, output) = (FloatBuffer(count: x.count), FloatBuffer(count: count * weight.outputs))
    for i in x.indices { input.base[i] = x[i] }
    MatMul.linear(
      Matrix(input.base, rows: count, columns: weight.inputs), weight,
      into: Matrix(output.base, rows: count, columns: weight.outputs), instructions: instructions)
    return Array(output.values)
  }

  /// Each element with the sum of its products' sizes, which is what rounding errors scale with.
  private func naive(
    _ x: [Float], _ matrix: [Float], _ weight: QuantizedWeight
  ) -> [(sum: Double, size: Double)] {
    (0..<x.count / weight.inputs).flatMap { row in
      (0..<weight.outputs).map { output in
        var (sum, size) = (0.0, 0.0)
        for i in 0..<weight.inputs {
          let product =
            Double(x[row * weight.inputs + i]) * Double(matrix[output * weight.inputs + i])
          sum += product
          size += abs(product)
        }
        return (sum, size)
      }
    }
  }

  private func roundedActivations(_ x: [Float]) -> [Float] {
    stride(from: 0, to: x.count, by: 32).flatMap { start in
      let block = x[start..<start + 32]
      let largest = block.map(abs).max()!
      return block.map { ($0 * (127 / largest)).rounded(.toNearestOrEven) * (largest / 127) }
    }
  }
}

func randomFloats(_ count: Int, seed: UInt64) -> [Float] {
  var random = SplitMix64(seed: seed)
  return (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
}

/// A GGUF file with matrices of random blocks of one type, v's of Q8_0: 72 rows of q, k and v in
/// interleaved heads, 49 of the embedding.
private struct BlockFile {
  let tensors: GGUFTensors

  init(type: String, width: Int? = nil) throws {
    let width = width ?? (type.hasSuffix("_K") ? 512 : 96)
    let config = ModelConfig(
      architecture: .llama, vocabularySize: 49, hiddenSize: width, intermediateSize: width,
      layerCount: 1, headCount: 2, kvHeadCount: 1, headSize: 24, rmsNormEpsilon: 1e-5,
      ropeTheta: 10_000, tiedHead: true, contextLength: 64, endTokens: [2], bosToken: 1)
    var random = SplitMix64(seed: 5)
    var builder = GGUFBuilder()
    for (name, rows, type) in [
      ("blk.0.attn_q", 48, type), ("blk.0.attn_k", 24, type),
      ("blk.0.attn_v", 24, width % 32 == 0 ? "Q8_0" : type), ("blk.0.ffn_down", 33, type),
      ("token_embd", 49, type),
    ] {
      let kind = Self.kinds[type]!
      let blocks = (0..<rows * width / kind.elements).flatMap { _ in kind.block(&random) }
      builder.tensor(
        name + ".weight", [UInt64(width), UInt64(rows)], type: kind.number, blocks: blocks)
    }
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let path = try folder.write("blocks.gguf", builder.build())
    tensors = try GGUFTensors(try GGUFFile(path: path), config: config)
  }

  private struct Kind {
    var number: UInt32
    var elements: Int
    var bytes: Int
    /// Where the fp16 of a block stand.
    var halves: [Int] = []

    /// Random bits, with scales that are neither tiny nor infinite.
    func block(_ random: inout SplitMix64) -> [UInt8] {
      var block = (0..<bytes).map { _ in UInt8.random(in: 0...255, using: &random) }
      for place in halves { block[place + 1] = block[place + 1] & 0x83 | 0x1C }
      if number == 0 || number == 30 {
        let value = Float.random(in: -1...1, using: &random)
        block = Array(GGUFBuilder.bytes(value.bitPattern).suffix(bytes))
      }
      return block
    }
  }

  private static let kinds = [
    "F32": Kind(number: 0, elements: 1, bytes: 4),
    "F16": Kind(number: 1, elements: 1, bytes: 2, halves: [0]),
    "Q4_0": Kind(number: 2, elements: 32, bytes: 18, halves: [0]),
    "Q4_1": Kind(number: 3, elements: 32, bytes: 20, halves: [0, 2]),
    "Q5_0": Kind(number: 6, elements: 32, bytes: 22, halves: [0]),
    "Q5_1": Kind(number: 7, elements: 32, bytes: 24, halves: [0, 2]),
    "Q8_0": Kind(number: 8, elements: 32, bytes: 34, halves: [0]),
    "Q4_K": Kind(number: 12, elements: 256, bytes: 144, halves: [0, 2]),
    "Q5_K": Kind(number: 13, elements: 256, bytes: 176, halves: [0, 2]),
    "Q6_K": Kind(number: 14, elements: 256, bytes: 210, halves: [208]),
    "BF16": Kind(number: 30, elements: 1, bytes: 2),
  ]
}
