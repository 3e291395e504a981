/// One sequence's keys and values in every layer: what makes the next token cost only itself.
///
/// They stand in pages of 64 tokens (3 MB a page on SmolLM2-135M, 1.5 in bf16), which sequences
/// with the same beginning can share: `pages` of one go into another's `adopt`. A page that someone
/// else also holds is copied before it is written.
public final class KVCache: @unchecked Sendable {
  /// Tokens held.
  public private(set) var count = 0
  let layout: KVLayout
  private var held: [KVPage] = []
  /// The pages' memory, for kernels: one address a page.
  private(set) var bases = UnsafeMutableBufferPointer<UnsafeMutableRawPointer>.allocate(capacity: 0)

  /// `precision`: what the network that fills it computes in.
  public init(config: ModelConfig, precision: Precision = .fp32) {
    layout = KVLayout(config: config, precision: precision)
  }

  /// Begins with the first `count` tokens that another sequence has computed.
  public convenience init(
    sharing pages: [KVPage], count: Int, config: ModelConfig, precision: Precision = .fp32
  ) {
    self.init(config: config, precision: precision)
    adopt(pages, count: count)
  }

  deinit { bases.deallocate() }

  /// The pages that hold the `count` tokens; the last one may have room.
  public var pages: [KVPage] { Array(held.prefix(Self.pageCount(count))) }

  /// Bytes of a page of caches like this one.
  public var pageByteCount: Int { layout.pageBytes }

  /// Replaces what was held by the first `count` tokens of `pages`, which stay shared.
  public func adopt(_ pages: [KVPage], count: Int) {
    precondition(count >= 0 && count <= pages.count * KVPage.tokenCount)
    precondition(pages.allSatisfy { $0.layout == layout }, "pages of another network")
    held = Array(pages.prefix(Self.pageCount(count)))
    self.count = count
  }

  /// Makes room for `tokens` in all, on pages that only this sequence writes.
  package func reserve(_ tokens: Int) {
    let needed = Self.pageCount(tokens)
    let first = count / KVPage.tokenCount
    if first < min(held.count, needed), !isKnownUniquelyReferenced(&held[first]) {
      held[first] = KVPage(copying: held[first])
    }
    while held.count < needed { held.append(KVPage(layout: layout)) }
    if bases.count < held.count {
      bases.deallocate()
      bases = .allocate(capacity: max(held.count, 2 * bases.count))
    }
    for (index, page) in held.enumerated() {
      (bases.baseAddress! + index).initialize(to: page.base)
    }
  }

  /// The pages that the next `tokens` tokens go to, and which of these tokens.
  func newPages(_ tokens: Int) -> [(page: Int, rows: Range<Int>)] {
    let (first, end) = (count, count + tokens)
    return (first / KVPage.tokenCount..<Self.pageCount(end)).map { page in
      let start = page * KVPage.tokenCount
      return (page, max(first, start) - first..<min(end, start + KVPage.tokenCount) - first)
    }
  }

  /// Puts keys and values [N, kvWidth] of one layer, those of a page of `newPages`, behind the tokens
  /// held.
  func write(_ keys: Matrix, _ values: Matrix, layer: Int, page: Int) {
    let slot = max(0, count - page * KVPage.tokenCount)
    held[page].write(keys, values, layer: layer, slot: slot)
  }

  /// The same for the keys and values of all the next tokens.
  package func write(_ keys: Matrix, _ values: Matrix, layer: Int) {
    for (page, rows) in newPages(keys.rows) {
      write(keys.rows(rows), values.rows(rows), layer: layer, page: page)
    }
  }

  /// Rows written by every layer become part of the sequence.
  package func advance(by tokens: Int) {
    let end = count + tokens
    precondition(end <= held.count * KVPage.tokenCount)
    count = end
  }

  /// Forgets everything after the first `tokens`.
  public func truncate(to tokens: Int) {
    count = min(count, max(0, tokens))
    held.removeLast(held.count - Self.pageCount(count))
  }

  static func pageCount(_ tokens: Int) -> Int {
    (tokens + KVPage.tokenCount - 1) / KVPage.tokenCount
  }
}
