/// How a GGUF file stores a tensor's elements: blocks of a fixed number of elements and bytes.
enum GGUFTensorType: UInt32, Sendable {
  case f32 = 0
  case f16 = 1
  case q40 = 2
  case q41 = 3
  case q50 = 6
  case q51 = 7
  case q80 = 8
  case q4k = 12
  case q5k = 13
  case q6k = 14
  case bf16 = 30

  /// The number in the file to a type; throws for what can't be converted, by name if it has one.
  init(_ number: UInt32, tensor: String, file: String) throws(ModelError) {
    if let type = GGUFTensorType(rawValue: number) {
      self = type
      return
    }
    let name = Self.unsupported[number].map { "type \($0)" } ?? "unknown type \(number)"
    throw ModelError(
      "\(file): the tensor \(tensor) has the \(name), which can't be read (F32, F16, BF16, Q4_0,"
        + " Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K and Q6_K can)")
  }

  private static let unsupported: [UInt32: String] = [
    9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS",
    19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16",
    26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
  ]

  var blockElements: Int {
    switch self {
    case .f32, .f16, .bf16: 1
    case .q40, .q41, .q50, .q51, .q80: 32
    case .q4k, .q5k, .q6k: 256
    }
  }

  var blockBytes: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .q40: 18
    case .q41: 20
    case .q50: 22
    case .q51: 24
    case .q80: 34
    case .q4k: 144
    case .q5k: 176
    case .q6k: 210
    }
  }
}
