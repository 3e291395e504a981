import Foundation

/// A connection by hand, for what no client library would send.
final class RawConnection: Sendable {
  private let descriptor: Int32

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let number = descriptor
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(number, $0, size) }
    }
    guard result == 0 else { throw POSIXError(.ECONNREFUSED) }
  }

  deinit { close(descriptor) }

  func say(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(descriptor, bytes, bytes.count)
  }

  /// What the server says until it hangs up, or has said `end`.
  func hear(until end: String? = nil) async throws -> String {
    var heard: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
      let count = recv(descriptor, &piece, 4096, Int32(MSG_DONTWAIT))
      if count == 0 { break }
      if count > 0 {
        heard += piece[..<count]
        if let end, String(decoding: heard, as: UTF8.self).contains(end) { break }
      } else {
        try await Task.sleep(for: .milliseconds(20))
      }
    }
    return String(decoding: heard, as: UTF8.self)
  }
}
