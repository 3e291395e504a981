internal import ArgumentParser
internal import Foundation

/// Lines of JSON objects in, lines of JSON objects out.
struct JSONLinesInput: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "A file with a JSON object a line; standard input if there's none.", valueName: "file"))
  var file: String?

  func reader() throws -> JSONLineReader { try JSONLineReader(path: file) }
}

/// One line of input that isn't empty, and where it stands.
struct JSONLine {
  /// "FILE:LINE"
  var place: String
  var bytes: Data

  /// - Parameter example: what a line should look like, for the error.
  func decode<Row: Decodable>(_ type: Row.Type, example: String) throws -> Row {
    do {
      return try JSONDecoder().decode(type, from: bytes)
    } catch let error as DecodingError {
      throw InputError("\(place): \(Self.problem(error)); expected \(example)")
    }
  }

  func error(_ problem: String) -> InputError { InputError("\(place): \(problem)") }

  private static func problem(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _): "the key \"\(key.stringValue)\" is missing"
    case .valueNotFound(_, let context), .typeMismatch(_, let context),
      .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "the line can't be understood" : "the value of \(path(context.codingPath)) doesn't fit"
    @unknown default: "the line can't be read"
    }
  }

  /// "ids[3]", "messages[0].role".
  private static func path(_ keys: [any CodingKey]) -> String {
    keys.reduce("") { text, key in
      if let index = key.intValue { return "\(text)[\(index)]" }
      return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
    }
  }
}

/// Bad input, in one sentence that begins with file and line.
struct InputError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Reads lines as they come, so that a program at the other end of a pipe gets its answers.
final class JSONLineReader {
  private let name: String
  private let descriptor: Int32
  private var buffer = Data()
  private var number = 0
  private var ended = false

  init(path: String?) throws {
    guard let path, path != "-" else {
      (name, descriptor) = ("standard input", STDIN_FILENO)
      return
    }
    name = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw Self.failure(path) }
  }

  deinit {
    if descriptor != STDIN_FILENO { close(descriptor) }
  }

  /// The next line that isn't blank; nil at the end.
  func next() throws -> JSONLine? {
    while let bytes = try line() {
      number += 1
      if bytes.contains(where: { ![0x20, 0x09, 0x0D].contains($0) }) {
        return JSONLine(place: "\(name):\(number)", bytes: bytes)
      }
    }
    return nil
  }

  private func line() throws -> Data? {
    var searched = buffer.startIndex
    while true {
      if let end = buffer[searched...].firstIndex(of: 0x0A) {
        defer { buffer = buffer[(end + 1)...] }
        return Data(buffer[..<end])
      }
      if ended {
        defer { buffer = Data() }
        return buffer.isEmpty ? nil : Data(buffer)
      }
      let known = buffer.count
      try fill()
      searched = buffer.startIndex + known
    }
  }

  private func fill() throws {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(descriptor, &chunk, chunk.count)
    if count < 0 {
      if errno == EINTR { return }
      throw Self.failure(name)
    }
    if count == 0 { ended = true }
    // A copy with its own indices: what was handed out is let go.
    buffer = Data(buffer) + chunk.prefix(count)
  }

  private static func failure(_ path: String) -> InputError {
    InputError("\(path) can't be read: \(String(cString: strerror(errno)))")
  }
}

/// Writes one object a line to standard output, at once.
struct JSONLineWriter {
  private let encoder: JSONEncoder

  init() {
    encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  func write(_ row: some Encodable) throws {
    var bytes = try encoder.encode(row)
    bytes.append(0x0A)
    try FileHandle.standardOutput.write(contentsOf: bytes)
  }
}

extension Float {
  /// JSON has no infinities and no NaN; null stands for them.
  var jsonNumber: Float? { isFinite ? self : nil }
}
