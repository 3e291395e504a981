/// What a network computes its products in; fixed when it is made.
public enum Precision: String, Sendable, CaseIterable, Codable {
  /// Everything in fp32: the reference, and the only one every processor has.
  case fp32
  /// Operands of products in bf16, sums in fp32; the residual stream, norms, softmax, gradients and
  /// master weights stay fp32.
  case bf16
  /// Weights as the file quantises them, for inference; the rest as `bf16`.
  case quantized
}
