/// Turns what runners print about failing tests into a short text for a hindsight context.
public enum FailureDigest {
  /// Characters a digest has at most.
  public static let limit = 2_000
  /// Characters one field of it has at most.
  public static let fieldLimit = 250
}
