internal import Agent
internal import ArgumentParser
internal import Foundation
internal import LanguageModel

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write transcripts in a form that other programs read.",
    discussion: """
      atif: Harbor's trajectory format, ATIF-v1.7. mini-swe-agent: its .traj.json. `hindsight import` \
      gets the transcript back from both, byte for byte, because its own lines are added to them, as \
      extra.hindsight to ATIF and as info.hindsight to mini-swe-agent's. openai: a line of chat \
      messages for each transcript, or for each context where an agent began anew. swebench: a line of \
      SWE-bench's predictions for each. These two hold texts and the patch alone, and nothing comes back \
      from them.

      A transcript that was imported is, in the format that it came in, the record it was made of; in \
      the others it is what came of that here.

        hindsight export episode.jsonl --format atif --output episode.json
        hindsight export runs/eval/transcripts/eval/*.jsonl --format openai > chats.jsonl
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case atif
    case miniSWEAgent = "mini-swe-agent"
    case openai, swebench

    /// Whether several transcripts can stand in one file.
    var isLines: Bool { self == .openai || self == .swebench }
  }

  @Argument(help: "The transcripts.")
  var files: [String]

  @Option(help: "atif, mini-swe-agent, openai or swebench.")
  var format: Format

  @Option(
    help: ArgumentHelp("The file to write; standard output, if not given.", valueName: "file"))
  var output: String?

  func validate() throws {
    guard files.count == 1 || format.isLines else {
      throw ValidationError("--format \(format.rawValue) is a file for each transcript: give one.")
    }
  }

  private struct Chat: Encodable {
    var messages: [ChatMessage]
  }

  /// - shown: the file's name as it was given.
  private func record(
    of transcript: Transcript, in file: URL, shown path: String
  ) throws -> ExchangeRecord {
    do {
      return try ExchangeRecord(
        transcript, as: format == .atif ? .atif : .miniSWEAgent, lines: Data(contentsOf: file))
    } catch let error as TranscriptError {
      throw TranscriptError("\(path):1: \(error.description)")
    }
  }

  func run() async throws {
    func place(_ path: String) -> URL { URL(filePath: path).resolvingSymlinksInPath() }
    if let output, let input = files.first(where: { place($0) == place(output) }) {
      throw TranscriptError("\(input) is a transcript: --output must be another file")
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting =
      format.isLines
      ? [.sortedKeys, .withoutEscapingSlashes]
      : [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    var data = Data()
    for path in files {
      let file = URL(filePath: path)
      let transcript = try Transcript.read(file)
      try TranscriptChain.checkUnedited(file)
      switch format {
      case .atif, .miniSWEAgent:
        data += try encoder.encode(try record(of: transcript, in: file, shown: path))
      case .openai:
        let lines = try transcript.chats.map { try encoder.encode(Chat(messages: $0)) }
        data += lines.joined(separator: "\n".utf8)
      case .swebench:
        let header = transcript.header
        data += try encoder.encode(
          Prediction(
            instance: header.task, model: "\(header.policy.name)/\(header.sample)",
            patch: String(decoding: transcript.end?.finalDiff ?? [], as: UTF8.self)))
      }
      data.append(UInt8(ascii: "\n"))
    }
    guard let output else { return try FileHandle.standardOutput.write(contentsOf: data) }
    do {
      try data.write(to: URL(filePath: output), options: .atomic)
    } catch {
      throw TranscriptError("\(output) can't be written: \(Failure.reason(for: error))")
    }
  }
}
