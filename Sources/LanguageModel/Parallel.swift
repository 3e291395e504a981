import CKernels

/// How many threads compute: the processors that this process may run on.
package let computeThreads = Int(hs_thread_count())

/// Calls `body` once for each index on the process's pool of threads, handing indices out in order
/// as threads get free, and returns when all are done. A call from inside a body runs serially.
///
/// This is the one place where numeric code shares raw pointers between threads: `body` must
/// write only what belongs to its own index.
package func parallelItems(_ count: Int, _ body: (Int) -> Void) {
  guard count > 1 else {
    if count == 1 { body(0) }
    return
  }
  withoutActuallyEscaping(body) { escaping in
    var box = escaping
    withUnsafeMutablePointer(to: &box) { pointer in
      hs_parallel(
        count,
        { context, index in
          context!.assumingMemoryBound(to: ((Int) -> Void).self).pointee(index)
        }, pointer)
    }
  }
}

/// Calls `body` with disjoint ranges that together cover `0 ..< count`, spread over the threads.
///
/// Ranges are contiguous and depend on nothing but the counts, so a result never depends on timing.
/// There are several a thread where the work allows it, because other processes may slow one down.
/// Small jobs (fewer than twice `minimumPerThread` rows) stay on the calling thread, and so do those
/// of a body that runs on one of the threads already.
package func parallelRows(
  _ count: Int, minimumPerThread: Int = 1, _ body: (Range<Int>) -> Void
) {
  guard count > 0 else { return }
  let parts = min(4 * computeThreads, count / max(1, minimumPerThread))
  guard parts > 1, computeThreads > 1, hs_inside_parallel() == 0 else {
    body(0..<count)
    return
  }
  parallelItems(parts) { part in body(count * part / parts..<count * (part + 1) / parts) }
}
