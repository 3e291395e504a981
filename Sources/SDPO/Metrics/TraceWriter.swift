import Foundation
import Synchronization

/// Writes spans as a Chrome trace (chrome://tracing, ui.perfetto.dev): a JSON array of events.
public final class TraceWriter: Sendable {
  private struct Event: Encodable {
    var name, cat, ph: String
    /// Microseconds.
    var ts, dur: Double
    var pid = 1
    var tid: Int
    var args: [String: String]
  }

  private let file: FileHandle
  private let path: String
  private let isEmpty = Mutex(true)

  /// Replaces what is at `path`.
  public init(_ path: String) throws(MetricsError) {
    self.path = path
    do {
      try Data("[\n".utf8).write(to: URL(filePath: path))
      file = try FileHandle(forWritingTo: URL(filePath: path))
      try file.seekToEnd()
    } catch {
      throw MetricsError(description: "\(path) can't be written: \(error.localizedDescription)")
    }
  }

  /// Appends events; readers of the format do without the closing bracket if the program is killed.
  public func write(_ spans: [PhaseSpan]) throws(MetricsError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      var text = Data()
      try isEmpty.withLock { isEmpty in
        for span in spans {
          if !isEmpty { text += Data(",\n".utf8) }
          isEmpty = false
          text += try encoder.encode(
            Event(
              name: span.phase.rawValue, cat: span.lane == 0 ? "update" : "episode", ph: "X",
              ts: (span.start * 1e6).rounded(), dur: (span.seconds * 1e6).rounded(),
              tid: span.lane, args: span.label.isEmpty ? [:] : ["what": span.label]))
        }
        try file.write(contentsOf: text)
      }
    } catch {
      throw MetricsError(description: "\(path) can't be written: \(error.localizedDescription)")
    }
  }

  /// Ends the array.
  public func finish() {
    try? file.write(contentsOf: Data("\n]\n".utf8))
    try? file.close()
  }
}
