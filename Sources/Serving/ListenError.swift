import Foundation
import NIOCore

/// Why an address can't be listened on, in one sentence.
public struct ListenError: Error, CustomStringConvertible {
  public let description: String

  /// Nil for an error that says nothing of the address.
  init?(_ error: any Error, host: String, port: Int) {
    let reason: String
    switch error {
    case let error as IOError: reason = String(cString: strerror(error.errnoCode))
    case let error as SocketAddressError.UnknownHost: reason = error.errorDescription
    default: return nil
    }
    description = "\(host), port \(port), can't be listened on: \(reason)"
  }
}

extension SocketAddress {
  /// Whether this machine alone can reach it.
  var isLoopback: Bool { ipAddress.map { $0 == "::1" || $0.hasPrefix("127.") } ?? false }
}
