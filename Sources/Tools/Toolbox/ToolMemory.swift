import Synchronization

/// What the tools of an episode remember from one call to the next.
final class ToolMemory: Sendable {
  /// An edit or a new file.
  struct Change: Sendable, Hashable {
    var path: String
    var names: [[UInt8]]
    /// Nil for a file that the change made.
    var before: [UInt8]?
    var after: [UInt8]
  }

  private struct State {
    var openPath: String?
    /// Those that stand, in their order.
    var changes: [Change] = []
    /// What stood each time that the last change was taken back.
    var takenBack: Set<[Change]> = []
    /// Those of them that tests found to be of no help.
    var inVain: Set<[Change]> = []
    var refused: Set<ToolCall> = []
    var standing: TestStanding?
    var findings: [String: SyntaxFinding] = [:]
  }

  private let state = Mutex(State())

  /// The file that was viewed or changed last.
  var openPath: String? { state.withLock { $0.openPath } }

  func open(_ path: String) { state.withLock { $0.openPath = path } }

  /// What the visible tests said of the work tree as it is; nil if that isn't known.
  var standing: TestStanding? {
    get { state.withLock { $0.standing } }
    set { state.withLock { $0.standing = newValue } }
  }

  /// What a checker found in the text with this digest; nil if it wasn't checked.
  func finding(of digest: String) -> SyntaxFinding? { state.withLock { $0.findings[digest] } }

  func keep(_ finding: SyntaxFinding, of digest: String) {
    state.withLock { $0.findings[digest] = finding }
  }

  /// What `undo` can take back.
  var lastChange: Change? { state.withLock { $0.changes.last } }

  /// Whether the change is a new one: not made and taken back before with the same changes standing.
  func add(_ change: Change) -> Bool {
    state.withLock {
      $0.openPath = change.path
      $0.changes.append(change)
      return !$0.takenBack.contains($0.changes)
    }
  }

  /// Whether the change was tried in vain before, with the same changes standing.
  func wasTried(_ change: Change) -> Bool {
    state.withLock { $0.inVain.contains($0.changes + [change]) }
  }

  /// Whether the same call was refused before.
  func refuse(_ call: ToolCall) -> Bool { state.withLock { !$0.refused.insert(call).inserted } }

  func takeBack(inVain: Bool) {
    state.withLock {
      $0.takenBack.insert($0.changes)
      if inVain { $0.inVain.insert($0.changes) }
      _ = $0.changes.popLast()
    }
  }
}
