import Foundation

/// One 64-byte aligned allocation of `count` floats, zeroed; the only owner of its memory.
///
/// Storage is flat on purpose: weights, gradients, moments and activations are one buffer each,
/// and everything else is a view into it. Access is unsynchronised: whoever computes owns it.
public final class FloatBuffer: @unchecked Sendable {
  public let base: UnsafeMutablePointer<Float>
  public let count: Int
  /// Grows whenever someone says that the values have changed: what was made from them is stale.
  public private(set) var version = 0

  public init(count: Int) {
    precondition(count >= 0)
    self.count = count
    // Fresh pages come zeroed from the kernel: large buffers cost nothing until they're touched.
    let bytes = max(64, (count * 4 + 63) / 64 * 64)
    var raw: UnsafeMutableRawPointer?
    precondition(posix_memalign(&raw, 64, bytes) == 0, "out of memory")
    base = raw!.bindMemory(to: Float.self, capacity: bytes / 4)
    base.initialize(repeating: 0, count: bytes / 4)
  }

  deinit { free(base) }

  public var values: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }

  /// To be called after writing through `base` or `values` to weights in use.
  public func changed() { version += 1 }

  public func zero() {
    parallelRows(count, minimumPerThread: 1 << 20) { range in
      (base + range.lowerBound).update(repeating: 0, count: range.count)
    }
    changed()
  }

  public func copy(from other: FloatBuffer) {
    precondition(count == other.count)
    base.update(from: other.base, count: count)
    changed()
  }
}

/// A buffer that grows when asked for more and keeps its memory for the next call.
/// Its contents are undefined after growing.
package final class ScratchBuffer {
  package init() {}

  private var buffer = FloatBuffer(count: 0)

  package func pointer(count: Int) -> UnsafeMutablePointer<Float> {
    if buffer.count < count { buffer = FloatBuffer(count: count) }
    return buffer.base
  }
}
