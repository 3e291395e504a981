import Agent
import LanguageModel

/// How much of a failure's digest a hindsight context quotes.
public enum FeedbackForm: Sendable, Equatable {
  /// All failing tests: ``FailureDigest/text``.
  case full
  /// The first failure alone in so many characters at most: ``FailureDigest/tight(_:)``.
  case tight(characters: Int)

  static let critiqueTitle = "critique: "

  /// What a grader has to be told.
  public var tightCharacters: Int {
    if case .tight(let characters) = self { characters } else { FailureDigest.tightLimit }
  }
}

extension FeedbackForm: CallCodable {
  public var description: String {
    switch self {
    case .full: "full"
    case .tight(let characters): "tight(\(characters))"
    }
  }

  /// Reads `full` and `tight(160)`.
  public init(parsing text: String) throws(SignalError) {
    let call = try CallSyntax(text, what: "feedback")
    switch call.name {
    case "full":
      try call.refuseArgument()
      self = .full
    case "tight":
      let number = try call.number(default: Double(FailureDigest.tightLimit))
      guard let characters = Int(exactly: number), (40...FailureDigest.limit).contains(characters)
      else {
        throw SignalError(
          "feedback \"\(text)\": the characters must be a whole number from 40 to "
            + "\(FailureDigest.limit)")
      }
      self = .tight(characters: characters)
    default:
      throw SignalError("unknown feedback \"\(text)\"; expected full or tight(characters)")
    }
  }
}

extension Grade {
  /// The final feedback as a hindsight context quotes it: the digest in the given form, then the
  /// judge's critique if there is one. Where both don't fit into `limit` characters, the digest gives way.
  package func feedback(_ form: FeedbackForm, limit: Int) -> String {
    var digest = feedback
    if case .tight = form, let tightFeedback { digest = tightFeedback }
    guard let critique else { return digest }
    let said = FeedbackForm.critiqueTitle + critique
    let room = max(0, limit - said.count - 1)
    return [Clipping.head(digest, limit: room), said].filter { !$0.isEmpty }
      .joined(separator: "\n")
  }
}
