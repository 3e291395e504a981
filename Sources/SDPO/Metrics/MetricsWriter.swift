public import Foundation

/// A metrics file that can't be read or written.
public struct MetricsError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
}

/// Writes a run's metrics: a line of JSON a step to `metrics.jsonl`, and the same numbers to a
/// TensorBoard event file beside it.
public final class MetricsWriter {
  private let lines: FileHandle
  private let events: FileHandle
  private let linesPath: String
  private let eventsPath: String
  private let now: () -> Date

  /// - directory: created if missing.
  /// - resumingAfter: the last step of the checkpoint that the run resumes from. Lines of later
  ///   steps, and a line cut short by a kill, are taken out of `metrics.jsonl`; nil starts anew
  ///   with an empty file.
  public init(
    directory: URL, resumingAfter step: Int? = nil, now: @escaping () -> Date = { Date() }
  ) throws(MetricsError) {
    self.now = now
    let time = now().timeIntervalSince1970
    let process = ProcessInfo.processInfo.processIdentifier
    let lineFile = directory.appending(path: "metrics.jsonl")
    var eventFile = directory
    // The number at the end is free for the taking: a resumed run may start within a second.
    var attempt = 0
    repeat {
      eventFile = directory.appending(
        path: "events.out.tfevents.\(Int(time)).hindsight.\(process).\(attempt)")
      attempt += 1
    } while FileManager.default.fileExists(atPath: eventFile.path)
    linesPath = lineFile.path
    eventsPath = eventFile.path
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      try MetricsWriter.keptLines(of: lineFile, upTo: step).write(to: lineFile, options: .atomic)
      try Data().write(to: eventFile)
      lines = try FileHandle(forWritingTo: lineFile)
      try lines.seekToEnd()
      events = try FileHandle(forWritingTo: eventFile)
      try events.write(contentsOf: EventFile.version(time: time))
      if let step {
        try events.write(contentsOf: EventFile.sessionStart(step: step + 1, time: time))
      }
    } catch {
      throw MetricsError(
        description: "cannot write metrics in \(directory.path): \(error.localizedDescription)")
    }
  }

  deinit {
    try? lines.close()
    try? events.close()
  }

  /// Appends one step. Numbers that JSON has no name for (NaN, infinities) become null there, and
  /// stay what they are in the event file. `notes` (such as a reason to stop) go to JSON only.
  public func write(
    step: Int, _ values: [String: Double], notes: [String: String] = [:]
  ) throws(MetricsError) {
    let time = now().timeIntervalSince1970
    let sorted = values.sorted { $0.key < $1.key }.map { (tag: $0.key, value: $0.value) }
    let line = MetricsWriter.line(step: step, time: time, values, notes)
    try append(Data(line.utf8), to: lines, linesPath)
    try append(Data(EventFile.scalars(sorted, step: step, time: time)), to: events, eventsPath)
  }

  private func append(_ data: Data, to file: FileHandle, _ path: String) throws(MetricsError) {
    do {
      try file.write(contentsOf: data)
      try file.synchronize()
    } catch {
      throw MetricsError(description: "cannot write \(path): \(error.localizedDescription)")
    }
  }

  /// One object with sorted keys, and a newline.
  package static func line(
    step: Int, time: Double, _ values: [String: Double], _ notes: [String: String]
  ) -> String {
    var fields = values.mapValues(number)
    for (key, note) in notes { fields[key] = quoted(note) }
    fields["step"] = String(step)
    fields["time"] = number(time)
    let body = fields.sorted { $0.key < $1.key }.map { quoted($0.key) + ":" + $0.value }
    return "{" + body.joined(separator: ",") + "}\n"
  }

  private static func number(_ value: Double) -> String {
    guard value.isFinite else { return "null" }
    return Int64(exactly: value).map(String.init) ?? "\(value)"
  }

  private static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    // A string always encodes; the fallback only avoids a trap.
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }

  /// The complete lines of steps up to `step`.
  private static func keptLines(of file: URL, upTo step: Int?) throws -> Data {
    guard let step, FileManager.default.fileExists(atPath: file.path) else { return Data() }
    struct Line: Decodable { let step: Int }
    var kept = Data()
    for line in try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")) {
      guard let found = try? JSONDecoder().decode(Line.self, from: Data(line)), found.step <= step
      else { continue }
      kept.append(contentsOf: line)
      kept.append(UInt8(ascii: "\n"))
    }
    return kept
  }
}
