public import Foundation
import Synchronization
import Tools

/// Appends an episode to a file as it happens: a line per turn, each written in one call and
/// synchronised to disk, so that a kill loses at most the turn in progress. Each carries the digest of the
/// one before (``TranscriptChain``).
public final class TranscriptWriter: EpisodeObserver {
  public let file: URL
  private struct State {
    /// -1 once closed.
    var descriptor: Int32 = -1
    var chain = TranscriptChain()
  }
  private let state = Mutex(State())

  /// Nothing is written until ``began(_:)``.
  public init(_ file: URL) {
    self.file = file
  }

  /// Creates the file and writes the header.
  ///
  /// - Throws: `TranscriptError` when the file exists or can't be written.
  public func began(_ header: TranscriptHeader) throws(TranscriptError) {
    let path = file.path(percentEncoded: false)
    let opened = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644)
    guard opened >= 0 else {
      throw TranscriptError("\(path): cannot be created: \(String(cString: strerror(errno)))")
    }
    state.withLock { $0.descriptor = opened }
    try append(header)
  }

  deinit { close() }

  /// Appends a turn.
  public func took(_ turn: Turn) throws(TranscriptError) {
    try append(TranscriptTurn(turn))
  }

  /// Writes the last line and closes the file. An episode that never began has no transcript: then
  /// nothing is written.
  public func finish(_ end: TranscriptEnd) throws(TranscriptError) {
    guard state.withLock({ $0.descriptor >= 0 }) else { return }
    try append(end, isLast: true)
    close()
  }

  /// A whole transcript at once.
  public func write(_ transcript: Transcript) throws(TranscriptError) {
    try began(transcript.header)
    for turn in transcript.turns { try took(turn) }
    if let end = transcript.end { try finish(end) } else { close() }
  }

  /// Closes the file; without a last line it reads as an episode that was cut off.
  public func close() {
    state.withLock { state in
      if state.descriptor >= 0 { _ = Foundation.close(state.descriptor) }
      state.descriptor = -1
    }
  }

  private func append(_ line: some Encodable, isLast: Bool = false) throws(TranscriptError) {
    let path = file.path(percentEncoded: false)
    let data: Data
    do {
      data = try TranscriptJSON.encoder().encode(line)
    } catch EncodingError.invalidValue(_, let context) {
      // The error itself would tell all of the value.
      throw TranscriptError("\(path): a line cannot be encoded: \(context.debugDescription)")
    } catch {
      throw TranscriptError("\(path): a line cannot be encoded: \(error)")
    }
    let failure = state.withLock { state in
      Self.write(state.chain.add(data, isLast: isLast) + Data("\n".utf8), to: state.descriptor)
    }
    if let failure { throw TranscriptError("\(path): cannot be written: \(failure)") }
  }

  /// Nil when everything is on disk, else why not.
  private static func write(_ data: Data, to descriptor: Int32) -> String? {
    guard descriptor >= 0 else { return "it is closed" }
    var rest = data[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return String(cString: strerror(errno)) }
      rest = rest.dropFirst(count)
    }
    // A pipe or a device can't be synchronised; that is no loss.
    guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS else {
      return String(cString: strerror(errno))
    }
    return nil
  }
}

/// JSON as transcripts have it: sorted keys, and floats in the shortest form that reads back exactly.
enum TranscriptJSON {
  static func encoder() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return encoder
  }

  static func decoder() -> JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return decoder
  }
}

/// What is wrong with a transcript, as one sentence with the file and, where there is one, the line.
public struct TranscriptError: Error, CustomStringConvertible, Equatable {
  public let description: String

  public init(_ description: String) {
    self.description = description
  }
}
