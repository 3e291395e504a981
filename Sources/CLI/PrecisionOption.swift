internal import ArgumentParser
internal import LanguageModel

/// What a local model computes in, as asked for.
struct PrecisionOption: ParsableArguments {
  @Option(
    help: "fp32, bf16, or auto: bf16 where the processor multiplies it, else fp32.")
  var precision = "auto"

  func validate() throws { _ = try resolved }

  /// Throws one sentence if there is no such precision or this processor can't do it.
  var resolved: Precision {
    get throws { try Self.resolve(precision) }
  }

  static func resolve(_ name: String) throws -> Precision {
    switch name {
    case "auto": return BF16.isSupported ? .bf16 : .fp32
    case "fp32": return .fp32
    case "bf16":
      guard BF16.isSupported else {
        throw ValidationError(
          "--precision is bf16, but this processor has no AVX-512 BF16 instructions: use fp32")
      }
      return .bf16
    default:
      throw ValidationError("--precision is \"\(name)\", expected one of fp32, bf16, auto")
    }
  }
}
