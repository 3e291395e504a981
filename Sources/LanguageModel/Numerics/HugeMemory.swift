import Foundation

/// Zeroed memory that asks for huge pages once it is large: weights and caches are read through
/// faster with fewer translations. The only owner of what it holds.
package final class HugeMemory: @unchecked Sendable {
  package let base: UnsafeMutableRawPointer
  /// As asked for; what is mapped may be more.
  let count: Int
  private let mapped: Int

  private static let huge = 1 << 21

  /// `count` bytes; aligned to 64, or to 2 MB where huge pages can serve.
  package init(count: Int) {
    precondition(count > 0)
    self.count = count
    // Below half a huge page the rounding would waste more than translations cost.
    guard count >= Self.huge / 2 else {
      var raw: UnsafeMutableRawPointer?
      precondition(posix_memalign(&raw, 64, count) == 0, "out of memory")
      base = raw!
      mapped = 0
      memset(base, 0, count)
      return
    }
    mapped = (count + Self.huge - 1) / Self.huge * Self.huge
    base = Self.map(mapped)
  }

  deinit {
    if mapped > 0 { munmap(base, mapped) } else { free(base) }
  }

  /// Whole huge pages of fresh memory: mapped with room to spare, then trimmed to the alignment.
  private static func map(_ count: Int) -> UnsafeMutableRawPointer {
    let raw = mmap(
      nil, count + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let raw, raw != MAP_FAILED else { preconditionFailure("out of memory") }
    let before = (huge - Int(bitPattern: raw) % huge) % huge
    if before > 0 { munmap(raw, before) }
    if before < huge { munmap(raw + before + count, huge - before) }
    #if os(Linux)
      _ = madvise(raw + before, count, Int32(MADV_HUGEPAGE))
    #endif
    return raw + before
  }
}
