import CKernels

/// A block's keys and values on their way from memory while the products before its attention run:
/// with a few dozen rows these are bound by arithmetic and leave half of the memory's speed unused,
/// and attention to one position is bound by nothing else. bf16 only.
final class KVAhead {
  /// All sequences' pages.
  private let bases: UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>
  /// A share of them for each thread.
  private let shares: UnsafeMutableBufferPointer<hs_bf16_pages>
  private let layerBytes: Int

  /// Of caches with room for the pass's own tokens.
  init(_ caches: [KVCache], layout: KVLayout) {
    let pages = caches.flatMap { cache in
      cache.bases.prefix(KVCache.pageCount(cache.count)).map(Optional.some)
    }
    bases = .allocate(capacity: pages.count)
    _ = bases.initialize(from: pages)
    layerBytes = layout.layerBytes
    shares = .allocate(capacity: computeThreads)
    for part in 0..<computeThreads {
      let range = pages.count * part / computeThreads..<pages.count * (part + 1) / computeThreads
      (shares.baseAddress! + part).initialize(
        to: hs_bf16_pages(
          bases: bases.baseAddress.map { $0 + range.lowerBound }, count: range.count, offset: 0,
          bytes: layout.layerBytes, next: 0, at: nil, end: nil))
    }
  }

  deinit {
    bases.deallocate()
    shares.deallocate()
  }

  /// From now on a layer's.
  func begin(layer: Int) {
    for part in shares.indices {
      shares[part].offset = layer * layerBytes
      shares[part].next = 0
      shares[part].at = nil
      shares[part].end = nil
    }
  }

  func share(_ part: Int) -> UnsafeMutablePointer<hs_bf16_pages> { shares.baseAddress! + part }
}
