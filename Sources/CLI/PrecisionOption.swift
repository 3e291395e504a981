internal import ArgumentParser
internal import LanguageModel

/// What a local model computes in, as asked for.
struct PrecisionOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "fp32, bf16, quantized (the file's own bits, not for training), or auto: bf16 where the"
        + " processor multiplies it, else fp32."))
  var precision = "auto"

  func validate() throws { _ = try resolvedForInference }

  /// What a network that learns computes in. Throws one sentence if there is no such precision or
  /// this processor can't do it.
  var resolved: Precision {
    get throws { try Self.resolve(precision) }
  }

  /// Likewise for a network that is only asked.
  var resolvedForInference: Precision {
    get throws { try Self.resolve(precision, isInference: true) }
  }

  static func resolve(_ name: String, isInference: Bool = false) throws -> Precision {
    switch name {
    case "auto": return BF16.isSupported ? .bf16 : .fp32
    case "fp32": return .fp32
    case "bf16":
      guard BF16.isSupported else {
        throw ValidationError(
          "--precision is bf16, but this processor has no AVX-512 BF16 instructions: use fp32")
      }
      return .bf16
    case "quantized":
      guard isInference else {
        throw ValidationError(
          "--precision is quantized, but quantised weights can't be trained: use fp32 or bf16")
      }
      return .quantized
    default:
      throw ValidationError(
        "--precision is \"\(name)\", expected one of fp32, bf16, quantized, auto")
    }
  }
}
