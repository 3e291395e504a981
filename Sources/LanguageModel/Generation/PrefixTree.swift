/// What has been computed of token sequences, found again by the tokens: a tree whose nodes are
/// pages of up to `pageTokens` tokens. Sequences that begin alike share the nodes of their common
/// beginning, also inside a page: whoever goes on from the middle of one writes to a copy.
///
/// Sequences are kept apart by their `owner`: the adapter that computed them, or nil for none.
/// Nothing is thrown away until room is asked for; then pages go that nobody uses outside the tree,
/// the least recently used first, and never one that another node continues.
package struct PrefixTree<Page: AnyObject> {
  package let pageTokens: Int
  package private(set) var pageCount = 0
  private var roots: [Root] = []
  private var clock: UInt64 = 0

  private struct Root {
    /// Held, so that no other adapter can get its identity.
    let owner: AnyObject?
    let node: Node
  }

  private final class Node {
    /// Full, unless the node is a leaf.
    var tokens: [TokenID]
    var page: Page?
    var children: [Node] = []
    /// Unset for a root.
    let parent: Unowned?
    var lastUse: UInt64 = 0

    init(tokens: [TokenID], page: Page?, parent: Node?) {
      self.tokens = tokens
      self.page = page
      self.parent = parent.map(Unowned.init)
    }
  }

  /// Parents hold children; the way back must not.
  private struct Unowned {
    unowned let node: Node
    init(_ node: Node) { self.node = node }
  }

  /// The beginning of a sequence that the tree has.
  package struct Match {
    /// The pages in order; of the last one only some tokens may be the sequence's.
    package var pages: [Page] = []
    /// Tokens of the sequence they hold.
    package var count = 0
  }

  package init(pageTokens: Int) {
    precondition(pageTokens > 0)
    self.pageTokens = pageTokens
  }

  /// The longest beginning of `tokens` that has been computed. It counts as used now.
  ///
  /// - splitsPages: whether it may end inside what was computed as one page, with more of `tokens` to
  ///   follow.
  package mutating func match(
    _ tokens: ArraySlice<TokenID>, owner: AnyObject?, splitsPages: Bool = true
  ) -> Match {
    clock += 1
    var match = Match()
    guard var node = root(owner)?.node else { return match }
    while match.count < tokens.count {
      let rest = tokens.dropFirst(match.count).prefix(pageTokens)
      guard let (child, common) = closest(rest, in: node), let page = child.page,
        splitsPages || common == rest.count || common == child.tokens.count
      else { break }
      child.lastUse = clock
      match.pages.append(page)
      match.count += common
      guard common == pageTokens else { break }
      node = child
    }
    return match
  }

  /// Adds what a sequence has computed: `pages` hold `tokens`, the last one perhaps in part. Where
  /// the tree has the same tokens, it keeps its own pages.
  ///
  /// - Returns: how many of `pages`, from the first on, now are the tree's own.
  @discardableResult
  package mutating func insert(_ tokens: ArraySlice<TokenID>, pages: [Page], owner: AnyObject?)
    -> Int
  {
    precondition(pages.count == (tokens.count + pageTokens - 1) / pageTokens)
    guard !pages.isEmpty else { return 0 }
    clock += 1
    var node = root(owner)?.node ?? addRoot(owner)
    var shared = 0
    for (index, page) in pages.enumerated() {
      let part = tokens.dropFirst(index * pageTokens).prefix(pageTokens)
      let child = add(part, page, to: node)
      child.lastUse = clock
      if child.page === page, shared == index { shared += 1 }
      node = child
    }
    return shared
  }

  /// Takes what only this sequence has for unused since ever: the conversation is over.
  package mutating func retire(_ tokens: ArraySlice<TokenID>, owner: AnyObject?) {
    guard var node = root(owner)?.node else { return }
    var path: [Node] = []
    var done = 0
    while done < tokens.count {
      let rest = tokens.dropFirst(done).prefix(pageTokens)
      guard let (child, common) = closest(rest, in: node), common == child.tokens.count else {
        break
      }
      path.append(child)
      done += common
      node = child
    }
    for node in path.reversed() {
      guard node.children.count <= 1 else { break }
      node.lastUse = 0
    }
  }

  /// Makes room: drops up to `count` pages that nobody else holds.
  ///
  /// - Returns: how many were dropped.
  @discardableResult
  package mutating func evict(_ count: Int) -> Int {
    var dropped = 0
    while dropped < count {
      // A round takes leaves; their parents are leaves in the next.
      let leaves = unusedLeaves().prefix(count - dropped)
      if leaves.isEmpty { break }
      for leaf in leaves {
        leaf.parent?.node.children.removeAll { $0 === leaf }
        leaf.page = nil
      }
      dropped += leaves.count
    }
    pageCount -= dropped
    roots.removeAll { $0.node.children.isEmpty }
    return dropped
  }

  /// Forgets everything: the weights have changed.
  package mutating func removeAll() {
    // By hand, for a long chain of nodes would be freed by as deep a recursion.
    var nodes = roots.map(\.node)
    while let node = nodes.popLast() {
      nodes += node.children
      node.children = []
    }
    roots = []
    pageCount = 0
  }

  private func root(_ owner: AnyObject?) -> Root? { roots.first { $0.owner === owner } }

  private mutating func addRoot(_ owner: AnyObject?) -> Node {
    let node = Node(tokens: [], page: nil, parent: nil)
    roots.append(Root(owner: owner, node: node))
    return node
  }

  /// The child with the most leading tokens in common, if it has any.
  private func closest(
    _ tokens: ArraySlice<TokenID>, in node: Node
  ) -> (child: Node, common: Int)? {
    var best: (child: Node, common: Int)?
    for child in node.children {
      let common = zip(tokens, child.tokens).prefix { $0 == $1 }.count
      if common > best?.common ?? 0 { best = (child, common) }
      if common == tokens.count { break }
    }
    return best
  }

  /// The node for one page's tokens below `node`: there already, grown from a shorter one, or new.
  private mutating func add(_ tokens: ArraySlice<TokenID>, _ page: Page, to node: Node) -> Node {
    if let (child, common) = closest(tokens, in: node) {
      if common == tokens.count { return child }
      if common == child.tokens.count {
        child.tokens = Array(tokens)
        child.page = page
        return child
      }
    }
    let child = Node(tokens: Array(tokens), page: page, parent: node)
    node.children.append(child)
    pageCount += 1
    return child
  }

  /// Oldest first.
  private func unusedLeaves() -> [Node] {
    var leaves: [Node] = []
    var nodes = roots.map(\.node)
    while let node = nodes.popLast() {
      nodes += node.children
      if node.children.isEmpty, node.page != nil, isKnownUniquelyReferenced(&node.page) {
        leaves.append(node)
      }
    }
    return leaves.sorted { $0.lastUse < $1.lastUse }
  }
}
