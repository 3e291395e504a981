internal import Synchronization

/// Where a repository's files define names. They are read when a name is first asked for, and once: a digest
/// asks for several names of every failing test.
final class DefinitionSearch: Sendable {
  typealias Source = (path: String, text: String)

  private let read: @Sendable () -> [Source]
  private let known = Mutex<[Source]?>(nil)

  init(_ read: @escaping @Sendable () -> [Source]) { self.read = read }

  /// Nil unless the name is defined at one place only.
  func definition(of name: String) -> Definition? {
    let found = sources.flatMap { Definition.all(of: name, in: $0.text, path: $0.path) }
    return found.count == 1 ? found[0] : nil
  }

  private var sources: [Source] {
    known.withLock { known in
      let sources = known ?? read()
      known = sources
      return sources
    }
  }
}
