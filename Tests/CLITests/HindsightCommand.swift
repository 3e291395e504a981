import Foundation
import Testing

/// The built command, run as a person runs it.
enum HindsightCommand {
  struct Outcome {
    var status: Int32
    var output: String
    var errors: String
  }

  /// Beside the test bundle.
  static let executable = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    .appending(path: "hindsight")

  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures")

  /// Starts a program with its output in files, so that nothing waits for a pipe. The closure waits
  /// for its end.
  static func start(
    _ program: URL = executable, arguments: [String], in folder: URL
  ) throws -> (Process, () throws -> Outcome) {
    let id = UUID().uuidString
    let files = ["out", "err"].map { folder.appending(path: "\($0)-\(id)") }
    for file in files { try Data().write(to: file) }
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = folder
    // What a killed run leaves behind is deleted with the test's folder.
    process.environment = ProcessInfo.processInfo.environment
      .merging(["TMPDIR": folder.path]) { _, new in new }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try process.run()
    return (
      process,
      {
        process.waitUntilExit()
        let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
        return Outcome(status: process.terminationStatus, output: texts[0], errors: texts[1])
      }
    )
  }

  static func run(_ arguments: [String], in folder: URL) throws -> Outcome {
    try start(arguments: arguments, in: folder).1()
  }
}

/// A folder of its own for one test, deleted at the end.
final class TestFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-cli-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  subscript(_ name: String) -> URL { url.appending(path: name) }

  /// A git repository `repository` with the files of the fixture task mean-of-none, in one commit on main.
  func makeRepository() throws {
    let source = HindsightCommand.fixtures.appending(path: "tasks/mean-of-none/environment").path
    try shell(
      """
      cp -r '\(source)' repository && cd repository
      export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b \
        GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
      git init -q -b main && git add -A && git commit -q -m first
      """)
  }

  /// The output of a line of shell; a line that fails fails the test.
  @discardableResult
  func shell(_ line: String) throws -> String {
    let shell = URL(filePath: "/bin/sh")
    let outcome = try HindsightCommand.start(shell, arguments: ["-c", line], in: url).1()
    #expect(outcome.status == 0, "\(line): \(outcome.output)\(outcome.errors)")
    return outcome.output
  }
}

/// The tiny Llama with room for an episode: its positions are rotary, so any length will do.
enum TinyModelFolder {
  static func make(in folder: TestFolder) throws -> String {
    let source = HindsightCommand.fixtures.appending(path: "reference/tiny-llama")
    let copy = folder.url.appending(path: "model")
    try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
    for name in ["model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
      try FileManager.default.copyItem(
        at: source.appending(path: name), to: copy.appending(path: name))
    }
    let config = try String(contentsOf: source.appending(path: "config.json"), encoding: .utf8)
    try config.replacing(
      "\"max_position_embeddings\": 256", with: "\"max_position_embeddings\": 8192"
    ).write(to: copy.appending(path: "config.json"), atomically: true, encoding: .utf8)
    return copy.path
  }
}

/// The endpoint of `Tests/Fixtures/endpoint`; it ends with this object.
final class Endpoint {
  let port: Int
  private let process: Process
  private let input = Pipe()

  init() throws {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "python3", HindsightCommand.fixtures.appending(path: "endpoint/server.py").path,
    ]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    self.process = process
    var line = Data()
    while line.last != UInt8(ascii: "\n") {
      let piece = output.fileHandleForReading.availableData
      if piece.isEmpty { break }
      line += piece
    }
    let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .newlines)
    port = try #require(Int(text), "the server printed no port")
  }

  func address(_ kind: String) -> String { "http://127.0.0.1:\(port)/\(kind)/v1" }

  // A child of a test's thread may have inherited a mask that blocks SIGTERM.
  deinit { kill(process.processIdentifier, SIGKILL) }
}
