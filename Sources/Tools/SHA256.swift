import COpenSSL
public import Foundation

/// The SHA-256 digest of the bytes as 64 lower-case hexadecimal digits.
public func sha256Hex(_ bytes: some ContiguousBytes) -> String {
  var digest = [UInt8](repeating: 0, count: 32)
  var length: UInt32 = 32
  let status = bytes.withUnsafeBytes {
    EVP_Digest($0.baseAddress, $0.count, &digest, &length, EVP_sha256(), nil)
  }
  precondition(status == 1 && length == 32, "OpenSSL has SHA-256")
  let digits = Array("0123456789abcdef".utf8)
  return String(
    decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
