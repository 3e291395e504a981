import CKernels

/// How the memory of a page is divided: layer by layer, keys before values.
///
/// A layer in fp32 is keys [64, kvWidth] and values [64, kvWidth]. In bf16 it is, for each kv head,
/// the keys as pairs of channels [D/2][64 tokens][2] and the values as pairs of tokens [32][Dp][2],
/// Dp being D rounded up to 16: what the products read, in the order they read it.
struct KVLayout: Sendable, Equatable {
  let layerCount: Int
  let kvHeads: Int
  let headSize: Int
  /// Two bytes an element instead of four.
  let isHalf: Bool

  init(config: ModelConfig, precision: Precision) {
    layerCount = config.layerCount
    kvHeads = config.kvHeadCount
    headSize = config.headSize
    isHalf = precision != .fp32
  }

  var kvWidth: Int { kvHeads * headSize }
  var paddedHeadSize: Int { (headSize + 15) / 16 * 16 }
  var layerBytes: Int {
    isHalf
      ? 2 * KVPage.tokenCount * kvHeads * (headSize + paddedHeadSize)
      : 4 * KVPage.tokenCount * kvWidth * 2
  }
  var pageBytes: Int { layerCount * layerBytes }
}

/// Keys and values of 64 successive tokens in every layer. Sequences may share pages; `KVCache`
/// copies one that others hold before it writes there. Slots that nobody wrote hold anything.
public final class KVPage: @unchecked Sendable {
  /// Tokens a page has room for.
  public static let tokenCount = 64

  let layout: KVLayout
  private let slot: PagePool.Slot

  init(layout: KVLayout) {
    self.layout = layout
    slot = PagePool.take(layout.pageBytes)
  }

  /// A page of its own with the tokens of another.
  convenience init(copying other: KVPage) {
    self.init(layout: other.layout)
    base.copyMemory(from: other.base, byteCount: layout.pageBytes)
  }

  deinit { PagePool.give(back: slot) }

  var base: UnsafeMutableRawPointer { slot.base }

  /// An fp32 layer inside a page.
  static func layer(
    _ page: UnsafeMutableRawPointer, _ offset: Int
  ) -> UnsafeMutablePointer<Float> {
    (page + offset).assumingMemoryBound(to: Float.self)
  }

  /// Puts keys and values [N, kvWidth] of one layer into the slots from `slot` on.
  func write(_ keys: Matrix, _ values: Matrix, layer: Int, slot: Int) {
    let width = layout.kvWidth
    precondition(keys.columns == width && slot + keys.rows <= Self.tokenCount)
    let offset = layer * layout.layerBytes
    guard !layout.isHalf else {
      precondition(keys.stride == values.stride)
      hs_kv_append(
        base + offset, layout.kvHeads, layout.headSize, slot, keys.rows, keys.base, values.base,
        keys.stride)
      return
    }
    let target = Self.layer(base, offset)
    for row in 0..<keys.rows {
      let place = target + (slot + row) * width
      place.update(from: keys.row(row), count: width)
      (place + Self.tokenCount * width).update(from: values.row(row), count: width)
    }
  }
}
