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

  /// Puts the next tokens' keys and values [N, kvWidth] of one layer behind the tokens held.
  package func write(_ keys: Matrix, _ values: Matrix, layer: Int) {
    var row = 0
    while row < keys.rows {
      let slot = (count + row) % KVPage.tokenCount
      let rows = row..<min(keys.rows, row + KVPage.tokenCount - slot)
      held[(count + row) / KVPage.tokenCount].write(
        keys.rows(rows), values.rows(rows), layer: layer, slot: slot)
      row = rows.upperBound
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
