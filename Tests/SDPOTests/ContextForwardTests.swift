import LanguageModel
import SDPO
import Testing

/// The teacher's pass, whose contexts share what they begin with.
@Suite struct ContextForwardTests {
  private typealias Context = ContextForward.Context

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
    let trunks = ContextForward(Self.contexts).trunks
    #expect(trunks.map(\.contexts) == [0..<3, 3..<5] && trunks.map(\.tokens) == [128, 128])
    #expect(ContextForward([]).trunks.isEmpty)
    let alone = ContextForward(Array(Self.contexts[1..<2])).trunks
    #expect(alone.map(\.contexts) == [0..<1] && alone.map(\.tokens) == [0])
  }

  /// An action inside what two contexts share needs its row from both.
  @Test func aTrunkEndsBeforeTheFirstAction() {
    let tokens = Self.tokens(200, 4)
    let pair = [
      Context(tokens: tokens, actions: [190]), Context(tokens: tokens, actions: [128, 190]),
    ]
    #expect(ContextForward(pair).trunks.map(\.tokens) == [64])
  }

  @Test(arguments: [Precision.fp32, .bf16])
  func sharingChangesNothing(_ precision: Precision) throws {
    let learner = Learner(
      transformer: smallTransformer(seed: 6, precision: precision), adapter: nil)
    let shared = ContextForward(Self.contexts).hiddenStates(learner)
    let together = shared.matrix
    var row = 0
    for context in Self.contexts {
      let own = ContextForward([context]).hiddenStates(learner)
      let alone = own.matrix
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
    #expect(row == together.rows && row == 15)
  }
}
