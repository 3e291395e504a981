/// One sequence's keys and values in every layer: what makes the next token cost only itself.
///
/// 2 · layers · kvWidth floats a token (46 KB on SmolLM2-135M). It grows by half as needed.
public final class KVCache: @unchecked Sendable {
  /// Tokens held.
  public private(set) var count = 0
  private let config: ModelConfig
  private var capacity = 0
  private var storage = FloatBuffer(count: 0)

  public init(config: ModelConfig) { self.config = config }

  private var planeSize: Int { capacity * config.kvWidth }

  /// [capacity, kvWidth] of one layer.
  func keys(_ layer: Int) -> UnsafeMutablePointer<Float> { storage.base + 2 * layer * planeSize }
  func values(_ layer: Int) -> UnsafeMutablePointer<Float> {
    storage.base + (2 * layer + 1) * planeSize
  }

  /// Makes room for `tokens` in all.
  func reserve(_ tokens: Int) {
    guard tokens > capacity else { return }
    let grown = max(tokens, capacity + capacity / 2, 64)
    let fresh = FloatBuffer(count: 2 * config.layerCount * grown * config.kvWidth)
    for plane in 0..<2 * config.layerCount {
      (fresh.base + plane * grown * config.kvWidth).update(
        from: storage.base + plane * planeSize, count: count * config.kvWidth)
    }
    storage = fresh
    capacity = grown
  }

  /// Rows written by every layer become part of the sequence.
  func advance(by tokens: Int) {
    count += tokens
    precondition(count <= capacity)
  }

  /// Forgets everything after the first `tokens`.
  public func truncate(to tokens: Int) { count = min(count, max(0, tokens)) }
}
