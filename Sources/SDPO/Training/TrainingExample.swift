public import LanguageModel

/// Tokens, and which of them are actions to be scored.
public struct ScoredContext: Sendable, Equatable {
  public var tokens: [TokenID]
  /// Indices into `tokens`, ascending; none is 0.
  public var actions: [Int]

  public init(tokens: [TokenID], actions: [Int]) {
    self.tokens = tokens
    self.actions = actions
  }
}

/// One context of a trajectory as training sees it, mostly the only one: the student's tokens, the
/// teacher's tokens (the same actions in other contexts), and what a signal must know at each action
/// position.
public struct TrainingExample: Sendable {
  /// The student's context, up to the last action token or beyond.
  public var student: [TokenID]
  /// Indices into `student` of the action tokens, ascending; none is 0.
  public var studentActions: [Int]
  /// The teacher's contexts, which hold the same action tokens in the same order: one where the
  /// hint stands in the prefix, one a turn where each turn has its own; empty without hindsight.
  public var teacher: [ScoredContext]
  /// One a row of `studentActions`; weights not yet set.
  public var rows: [ActionRow]

  public init(
    student: [TokenID], studentActions: [Int], teacher: [ScoredContext] = [], rows: [ActionRow]
  ) {
    precondition(studentActions.count == rows.count)
    precondition(
      teacher.isEmpty || teacher.reduce(0) { $0 + $1.actions.count } == rows.count)
    self.student = student
    self.studentActions = studentActions
    self.teacher = teacher
    self.rows = rows
  }

  /// What of it the student reads: nothing is predicted from its last action token.
  var read: ArraySlice<TokenID> { student[..<(studentActions.last ?? student.count)] }

  /// With at most one context of the teacher's.
  public init(
    student: [TokenID], studentActions: [Int], teacher: [TokenID]?, teacherActions: [Int],
    rows: [ActionRow]
  ) {
    self.init(
      student: student, studentActions: studentActions,
      teacher: teacher.map { [ScoredContext(tokens: $0, actions: teacherActions)] } ?? [],
      rows: rows)
  }
}

/// How a batch's loss is averaged; always over the whole batch, never over a micro-batch.
public enum Normalization: String, Sendable, Codable, CaseIterable {
  /// Over all action tokens: long trajectories weigh more.
  case token
  /// Over trajectories, each over its own action tokens.
  case sequence

  /// Sets the rows' weights. A row takes part if the signal has something to say about it.
  func apply(to examples: inout [TrainingExample], takesPart: (ActionRow) -> Bool) {
    var counts: [Int32: Int] = [:]
    for row in examples.lazy.flatMap(\.rows) where takesPart(row) {
      counts[row.trajectory, default: 0] += 1
    }
    let total = counts.values.reduce(0, +)
    for index in examples.indices {
      guard let count = examples[index].rows.first.flatMap({ counts[$0.trajectory] }) else {
        continue
      }
      let share: Double =
        switch self {
        case .token: 1 / Double(total)
        case .sequence: 1 / (Double(counts.count) * Double(count))
        }
      for row in examples[index].rows.indices {
        examples[index].rows[row].weight = takesPart(examples[index].rows[row]) ? Float(share) : 0
      }
    }
  }
}
