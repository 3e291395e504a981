import LanguageModel
import Testing

@Suite struct PrefixTreeTests {
  /// Stands for keys and values: it knows what it was computed from.
  private final class Page {
    let name: String
    init(_ name: String) { self.name = name }
  }

  private final class Owner {}

  private func pages(_ name: String, _ count: Int) -> [Page] {
    (0..<count).map { Page("\(name)\($0)") }
  }

  private func names(_ match: PrefixTree<Page>.Match) -> [String] { match.pages.map(\.name) }

  @Test func findsWhatItWasGiven() {
    var tree = PrefixTree<Page>(pageTokens: 4)
    #expect(tree.match([1, 2, 3], owner: nil).count == 0)
    #expect(tree.insert([1, 2, 3, 4, 5, 6], pages: pages("a", 2), owner: nil) == 2)
    #expect(tree.pageCount == 2)
    let whole = tree.match([1, 2, 3, 4, 5, 6, 7, 8, 9], owner: nil)
    #expect(whole.count == 6 && names(whole) == ["a0", "a1"])
    let full = tree.match([1, 2, 3, 4], owner: nil)
    #expect(full.count == 4 && names(full) == ["a0"])
    let inside = tree.match([1, 2, 9], owner: nil)
    #expect(inside.count == 2 && names(inside) == ["a0"])
    #expect(tree.match([2, 2, 3, 4], owner: nil).count == 0)
    #expect(tree.match([], owner: nil).count == 0)
    tree.insert([], pages: [], owner: nil)
    #expect(tree.pageCount == 2)
  }

  /// A slice that doesn't start at 0 is as good.
  @Test func takesSlices() {
    var tree = PrefixTree<Page>(pageTokens: 4)
    let tokens: [TokenID] = [9, 9, 9, 1, 2, 3, 4, 5, 6]
    tree.insert(tokens[3...], pages: pages("a", 2), owner: nil)
    #expect(tree.match(tokens[3...], owner: nil).count == 6)
    #expect(tree.match(tokens[3...7], owner: nil).count == 5)
  }

  @Test func branchesShareTheirBeginning() {
    var tree = PrefixTree<Page>(pageTokens: 2)
    tree.insert([1, 2, 3, 4, 5], pages: pages("a", 3), owner: nil)
    // The first page is the tree's own; the second one differs in its last token.
    #expect(tree.insert([1, 2, 3, 9, 5, 6], pages: pages("b", 3), owner: nil) == 0)
    #expect(tree.pageCount == 5)
    #expect(names(tree.match([1, 2, 3, 4, 5, 6], owner: nil)) == ["a0", "a1", "a2"])
    #expect(names(tree.match([1, 2, 3, 9, 5, 6], owner: nil)) == ["a0", "b1", "b2"])
    #expect(tree.match([1, 2, 3, 7], owner: nil).count == 3)
  }

  /// A conversation's last page fills up turn by turn, and stays one node.
  @Test func aPageGrows() {
    var tree = PrefixTree<Page>(pageTokens: 4)
    let first = pages("a", 2)
    tree.insert([1, 2, 3, 4, 5], pages: first, owner: nil)
    let second = [first[0]] + pages("b", 2)
    #expect(tree.insert([1, 2, 3, 4, 5, 6, 7, 8, 9], pages: second, owner: nil) == 3)
    #expect(tree.pageCount == 3)
    #expect(names(tree.match([1, 2, 3, 4, 5, 6, 7, 8, 9], owner: nil)) == ["a0", "b0", "b1"])
    // What is shorter is there already.
    #expect(tree.insert([1, 2, 3, 4, 5, 6], pages: pages("c", 2), owner: nil) == 0)
    #expect(tree.pageCount == 3)
  }

  @Test func pagesAreSplitOnlyIfAllowed() {
    var tree = PrefixTree<Page>(pageTokens: 4)
    tree.insert([1, 2, 3, 4, 5, 6, 7], pages: pages("a", 2), owner: nil)
    #expect(tree.match([1, 2, 3, 4, 5, 9], owner: nil, splitsPages: false).count == 4)
    #expect(tree.match([1, 2, 9], owner: nil, splitsPages: false).count == 0)
    // Nothing follows, or the page ends there.
    #expect(tree.match([1, 2, 3, 4, 5, 6], owner: nil, splitsPages: false).count == 6)
    #expect(tree.match([1, 2, 3, 4, 5, 6, 7, 8], owner: nil, splitsPages: false).count == 7)
  }

  @Test func ownersAreApart() {
    var tree = PrefixTree<Page>(pageTokens: 2)
    let (one, other) = (Owner(), Owner())
    tree.insert([1, 2], pages: pages("a", 1), owner: one)
    tree.insert([1, 2], pages: pages("b", 1), owner: nil)
    #expect(names(tree.match([1, 2], owner: one)) == ["a0"])
    #expect(names(tree.match([1, 2], owner: nil)) == ["b0"])
    #expect(tree.match([1, 2], owner: other).count == 0)
    tree.removeAll()
    #expect(tree.pageCount == 0 && tree.match([1, 2], owner: one).count == 0)
  }

  @Test func theLeastRecentlyUsedGoFirst() {
    var tree = PrefixTree<Page>(pageTokens: 2)
    tree.insert([1, 2, 3, 4], pages: pages("a", 2), owner: nil)
    tree.insert([5, 6], pages: pages("b", 1), owner: nil)
    tree.insert([1, 2, 7, 8], pages: pages("c", 2), owner: nil)
    _ = tree.match([1, 2, 3, 4], owner: nil)
    #expect(tree.evict(1) == 1)
    #expect(tree.match([5, 6], owner: nil).count == 0)
    #expect(tree.evict(1) == 1)
    #expect(tree.match([1, 2, 7, 8], owner: nil).count == 2)
    // A beginning goes after what follows it.
    #expect(tree.evict(1) == 1)
    #expect(names(tree.match([1, 2, 3, 4], owner: nil)) == ["a0"])
    #expect(tree.evict(5) == 1 && tree.pageCount == 0)
    #expect(tree.evict(5) == 0)
  }

  @Test func pagesInUseStay() {
    var tree = PrefixTree<Page>(pageTokens: 2)
    tree.insert([1, 2, 3, 4, 5, 6], pages: pages("a", 3), owner: nil)
    let held = tree.match([1, 2, 3, 4], owner: nil).pages
    #expect(tree.evict(9) == 1)
    #expect(tree.pageCount == 2)
    #expect(names(tree.match([1, 2, 3, 4, 5, 6], owner: nil)) == held.map(\.name))
  }

  /// What only a finished conversation has goes before older pages; a shared beginning doesn't.
  @Test func retiredConversationsGoFirst() {
    var tree = PrefixTree<Page>(pageTokens: 2)
    tree.insert([5, 6], pages: pages("old", 1), owner: nil)
    tree.insert([1, 2, 3, 4], pages: pages("a", 2), owner: nil)
    tree.insert([1, 2, 7, 8], pages: pages("b", 2), owner: nil)
    tree.retire([1, 2, 7, 8, 9], owner: nil)
    #expect(tree.evict(1) == 1)
    #expect(tree.match([1, 2, 7, 8], owner: nil).count == 2)
    #expect(tree.match([1, 2, 3, 4], owner: nil).count == 4)
    #expect(tree.match([5, 6], owner: nil).count == 2)
    tree.retire([9, 9], owner: nil)
    tree.retire([1], owner: Owner())
  }

  /// Against a list of all sequences ever given.
  @Test func randomSequences() {
    var random = SplitMix64(seed: 4)
    var tree = PrefixTree<Page>(pageTokens: 3)
    var known: [[TokenID]] = []
    func sequence() -> [TokenID] {
      var tokens = known.isEmpty ? [] : known[random.index(below: known.count)]
      tokens = Array(tokens.prefix(random.index(below: tokens.count + 1)))
      return tokens + (0..<random.index(below: 6)).map { _ in TokenID(random.index(below: 3)) }
    }
    for _ in 0..<400 {
      let tokens = sequence()
      let expected = known.map { zip($0, tokens).prefix { $0 == $1 }.count }.max() ?? 0
      let match = tree.match(tokens[...], owner: nil)
      #expect(match.count == expected && match.pages.count == (expected + 2) / 3)
      tree.insert(tokens[...], pages: pages("", (tokens.count + 2) / 3), owner: nil)
      known.append(tokens)
    }
    let all = tree.pageCount
    #expect(tree.evict(10) == 10 && tree.evict(.max) == all - 10)
  }

  /// Freeing a long chain takes no deep recursion.
  @Test func longSequencesAreForgotten() {
    var tree = PrefixTree<Page>(pageTokens: 1)
    let tokens = [TokenID](repeating: 1, count: 100_000)
    tree.insert(tokens[...], pages: pages("", tokens.count), owner: nil)
    #expect(tree.match(tokens[...], owner: nil).count == tokens.count)
    tree.removeAll()
    #expect(tree.pageCount == 0)
  }
}
