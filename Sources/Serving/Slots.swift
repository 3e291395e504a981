import HTTPTypes
import Synchronization

/// How many requests may be worked on.
final class Slots: Sendable {
  private let free: Mutex<Int>
  private let count: Int

  init(count: Int) {
    self.count = count
    free = Mutex(count)
  }

  /// Gives its place back when nobody holds it any more, also where an answer was never written.
  final class Slot: Sendable {
    private let slots: Slots

    init(_ slots: Slots) { self.slots = slots }

    deinit { slots.free.withLock { $0 += 1 } }
  }

  func take() throws(APIError) -> Slot {
    let isFree = free.withLock { free in
      guard free > 0 else { return false }
      free -= 1
      return true
    }
    guard isFree else {
      throw APIError(
        status: 429, message: "\(count) requests are being worked on; try again later",
        type: "rate_limit_error", code: "rate_limit_exceeded", headers: [.retryAfter: "1"])
    }
    return Slot(self)
  }
}
