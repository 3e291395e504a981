import LanguageModel
import SDPO
import Testing

/// The teacher's pass, whose contexts share what they begin with.
@Suite struct ContextForwardTests {
  private typealias Context = ScoredContext

  private static func tokens(_ count: Int, _ seed: UInt64) -> [TokenID] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in TokenID(random.index(below: 24)) }
  }

  /// Contexts of two tasks that share 70 tokens, and 150 or more among each other.
  private static let contexts: [Context] = {
    let system = tokens(70, 1)
    return (0..<5).map { number in
      let opening = system + tokens(100, number < 3 ? 2 : 3)
      let all = opening + tokens(30 + 7 * number, 10 + UInt64(number))
      return Context(tokens: all, actions: [opening.count + 5, opening.count + 6, all.count - 1])
    }
  }()

  @Test func aTaskHasATrunk() {
    let trunks = ContextForward(Self.contexts.map { [$0] }).trunks
    #expect(trunks.map(\.sequences) == [0..<3, 3..<5] && trunks.map(\.tokens) == [170, 170])
    #expect(ContextForward([]).trunks.isEmpty)
    let alone = ContextForward([[Self.contexts[1]]]).trunks
    #expect(alone.map(\.sequences) == [0..<1] && alone.map(\.tokens) == [0])
  }

  /// An action inside what two contexts share needs its row from both.
  @Test func aTrunkEndsBeforeTheFirstAction() {
    let tokens = Self.tokens(200, 4)
    let pair = [
      Context(tokens: tokens, actions: [190]), Context(tokens: tokens, actions: [128, 190]),
    ]
    #expect(ContextForward(pair.map { [$0] }).trunks.map(\.tokens) == [127])
  }

  @Test(arguments: [Precision.fp32, .bf16])
  func sharingChangesNothing(_ precision: Precision) throws {
    try compare(Self.contexts.map { [$0] }, precision)
  }

  /// Two trajectories of a task with four turns each: a history that goes on, and before each
  /// action a hint that only this turn's context holds.
  private static let branches: [[Context]] = (0..<2).map { number in
    var history = tokens(150, 5)
    return (0..<4).map { turn in
      let seed = 100 * UInt64(number + 1) + UInt64(turn)
      // Its end closes the message that the hint is in, so each has a place of its own to fork at.
      let (closing, action) = (history.suffix(3), tokens(6, seed))
      let told = history.dropLast(3) + tokens(20 + turn, seed + 50) + closing + action
      history += action + tokens(30, seed + 25)
      return Context(tokens: Array(told), actions: Array(told.count - 6..<told.count))
    }
  }

  /// Each branch has the log-probabilities of its whole context run alone.
  @Test(arguments: [Precision.fp32, .bf16])
  func aBranchIsItsWholeContext(_ precision: Precision) throws {
    try compare(Self.branches, precision)
    try compare([Self.branches[0], [Self.contexts[0]], Self.branches[1]], precision)
  }

  /// A hint costs its own tokens, the message's end and the action; the history is computed once.
  @Test func aHintCostsItsOwnTokens() {
    let forward = ContextForward(Self.branches)
    #expect(forward.trunks.map(\.tokens) == [147])
    let own = (0..<4).reduce(0) { $0 + 20 + $1 + 3 + 5 }
    // The stem ends where the last hint stands.
    let stem = 150 - 3 + 3 * 36 - 147
    // A hint may happen to begin like the message's end.
    #expect((2 * (own + stem) + 147 - 8...2 * (own + stem) + 147) ~= forward.computedTokens)
    let naive = Self.branches.joined().reduce(0) { $0 + $1.tokens.count }
    #expect(5 * forward.computedTokens < 2 * naive)
  }

  @Test(arguments: [Precision.fp32, .bf16])
  func aFrozenCopyStaysWhatItWas(_ precision: Precision) {
    let student = Learner(
      transformer: smallTransformer(seed: 6, precision: precision), adapter: nil)
    let teacher = student.frozenCopy()
    func states(_ learner: Learner) -> [Float] {
      let hidden = ContextForward(Self.contexts.map { [$0] }).hiddenStates(learner)
      return withExtendedLifetime(hidden) {
        (0..<hidden.matrix.rows).flatMap { row in
          (0..<hidden.matrix.columns).map { hidden.matrix.row(row)[$0] }
        }
      }
    }
    let before = states(student)
    let equalAtFirst = states(teacher) == before
    for index in student.trained.values.indices { student.trained.values[index] *= 1.5 }
    student.trained.changed()
    let (moved, stayed) = (states(student) != before, states(teacher) == before)
    #expect(equalAtFirst && moved && stayed)
    // In bf16 its matrices don't exist in fp32.
    #expect((teacher.trained.count < student.trained.count / 2) == (precision == .bf16))
  }

  private func compare(_ trajectories: [[Context]], _ precision: Precision) throws {
    let learner = Learner(
      transformer: smallTransformer(seed: 6, precision: precision), adapter: nil)
    let shared = ContextForward(trajectories).hiddenStates(learner)
    let together = shared.matrix
    var row = 0
    for context in trajectories.joined() {
      let own = ContextForward([[context]]).hiddenStates(learner)
      let alone = own.matrix
      #expect(alone.rows == context.actions.count)
      for index in 0..<alone.rows {
        for column in 0..<alone.columns {
          let difference = abs(together.row(row)[column] - alone.row(index)[column])
          // In bf16 a row has the same bits in every batch.
          #expect(difference <= (precision == .bf16 ? 0 : 1e-5))
        }
        row += 1
      }
      withExtendedLifetime((shared, own)) {}
    }
    #expect(row == together.rows)
  }
}
