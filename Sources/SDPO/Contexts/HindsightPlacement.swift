/// Where the teacher's hint stands.
public enum HindsightPlacement: Sendable, Hashable {
  /// In the first user message, before the trajectory: every turn's teacher sees it.
  case final
  /// The same hint right before a turn's action, for each turn by itself; the history before it is
  /// unchanged.
  case turn
  /// Right before each action, what came of it: its own result, then the calls of the `turns` − 1
  /// turns after it with theirs. The action's own call is never quoted.
  case lookahead(turns: Int)

  /// Each action's own result.
  public static let next = HindsightPlacement.lookahead(turns: 1)
}

extension HindsightPlacement: CallCodable {
  public var description: String {
    switch self {
    case .final: "final"
    case .turn: "turn"
    case .next: "next"
    case .lookahead(let turns): "lookahead(\(turns))"
    }
  }

  /// Reads `final`, `turn`, `next` and `lookahead(2)`.
  public init(parsing text: String) throws(SignalError) {
    let call = try CallSyntax(text, what: "placement")
    switch call.name {
    case "final": self = .final
    case "turn": self = .turn
    case "next": self = .next
    case "lookahead":
      guard let turns = Int(exactly: try call.number(default: 2)), (1...16).contains(turns) else {
        throw SignalError("placement \"\(text)\": a lookahead is of 1 to 16 whole turns")
      }
      self = .lookahead(turns: turns)
      return
    default:
      throw SignalError(
        "unknown placement \"\(text)\"; expected final, turn, next or lookahead(turns)")
    }
    try call.refuseArgument()
  }
}
