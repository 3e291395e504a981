import Dispatch
import Foundation

/// Calls `body` with disjoint ranges that together cover `0 ..< count`, on as many threads as the
/// machine has processors, and returns when all of them are done.
///
/// This is the one place where numeric code shares raw pointers between threads: `body` must
/// write only what belongs to the rows of its own range. Ranges are contiguous and depend on
/// nothing but the counts, so a result never depends on timing. Small jobs (fewer than
/// `minimumPerThread` rows a thread) stay on the calling thread.
package func parallelRows(
  _ count: Int, minimumPerThread: Int = 1, _ body: (Range<Int>) -> Void
) {
  guard count > 0 else { return }
  let threads = min(
    ProcessInfo.processInfo.activeProcessorCount, count / max(1, minimumPerThread))
  guard threads > 1 else {
    body(0..<count)
    return
  }
  // Safe as long as bodies keep to their own rows: concurrentPerform returns after the last one.
  nonisolated(unsafe) let shared = body
  DispatchQueue.concurrentPerform(iterations: threads) { thread in
    let first = count * thread / threads
    let end = count * (thread + 1) / threads
    shared(first..<end)
  }
}

/// How many threads compute: BLAS's own pool has the same size, and never runs beside ours.
package let computeThreads = max(1, ProcessInfo.processInfo.activeProcessorCount)

/// Calls `body` once for each index, handing indices out as threads get free: for uneven work.
/// The same rule holds: `body` writes only what belongs to its own index.
package func parallelItems(_ count: Int, _ body: (Int) -> Void) {
  guard count > 1 else {
    if count == 1 { body(0) }
    return
  }
  nonisolated(unsafe) let shared = body
  DispatchQueue.concurrentPerform(iterations: count) { shared($0) }
}
