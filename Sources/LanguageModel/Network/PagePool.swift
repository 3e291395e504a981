import Synchronization

/// Memory for pages of keys and values, cut from stretches of sixteen: so that huge pages serve them
/// whatever a page's size is, and what one sequence gives back the next one takes. Some stretches
/// stay when nobody uses them, enough for the groups of a training step, because the kernel clears
/// new ones.
enum PagePool {
  /// One page's memory, with any contents.
  struct Slot: @unchecked Sendable {
    fileprivate let stretch: Stretch
    fileprivate let index: Int
    let base: UnsafeMutableRawPointer
  }

  private static let slotsPerStretch = 16
  /// Bytes of unused stretches that are kept, of each size of slots.
  private static let spareBytes = 384 << 20
  /// Stretches in use, by the size of their slots.
  private static let stretches = Mutex<[Int: [Stretch]]>([:])

  /// `bytes` is a multiple of 64.
  static func take(_ bytes: Int) -> Slot {
    precondition(bytes % 64 == 0)
    return stretches.withLock { all in
      let stretch: Stretch
      if let open = all[bytes]?.first(where: { !$0.free.isEmpty }) {
        stretch = open
      } else {
        stretch = Stretch(slotBytes: bytes, count: slotsPerStretch)
        all[bytes, default: []].append(stretch)
      }
      // The lowest free slot: what was touched already is used first.
      let index = stretch.free.removeLast()
      return Slot(stretch: stretch, index: index, base: stretch.memory.base + index * bytes)
    }
  }

  static func give(back slot: Slot) {
    stretches.withLock { all in
      let stretch = slot.stretch
      let place = stretch.free.firstIndex { $0 < slot.index } ?? stretch.free.count
      stretch.free.insert(slot.index, at: place)
      guard stretch.free.count == slotsPerStretch else { return }
      let unused = all[stretch.slotBytes]?.count { $0.free.count == slotsPerStretch } ?? 0
      if unused * stretch.memory.count > spareBytes {
        all[stretch.slotBytes]?.removeAll { $0 === stretch }
      }
    }
  }

  /// Only touched with the lock held.
  fileprivate final class Stretch: @unchecked Sendable {
    let memory: HugeMemory
    let slotBytes: Int
    /// Descending.
    var free: [Int]

    init(slotBytes: Int, count: Int) {
      memory = HugeMemory(count: slotBytes * count)
      self.slotBytes = slotBytes
      free = Array((0..<count).reversed())
    }
  }
}
