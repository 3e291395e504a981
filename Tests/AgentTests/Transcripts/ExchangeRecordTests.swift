import Agent
import Foundation
import Testing

/// What becomes of another program's record in a transcript, and of a transcript in another program's format.
@Suite struct ExchangeRecordTests {
  private static let atif = #"""
    {"schema_version": "ATIF-v1.2", "agent": {"name": "other", "version": "1"}, "notes": "n",
     "steps": [{"step_id": 1, "source": "agent", "message": "Why.", "cost": null, "n": 0.5}]}
    """#

  private func record(_ data: Data) throws -> ExchangeRecord {
    try ForeignEpisode(data, file: "record.json").record
  }

  private func value(_ json: String) throws -> Agent.JSONValue {
    try JSONDecoder().decode(Agent.JSONValue.self, from: Data(json.utf8))
  }

  /// One whose turns aren't what the record says: only the record is exported.
  private func transcript(of record: ExchangeRecord) -> Transcript {
    var header = TranscriptTests.header
    header.imported = record.withoutSecrets
    return Transcript(header: header, turns: TranscriptTests.turns, end: TranscriptTests.end)
  }

  @Test func aRecordIsExportedInItsFormatAsItWas() throws {
    let record = try record(Data(Self.atif.utf8))
    let made = transcript(of: record)
    let lines = Data("a\nb\n".utf8)
    let exported = try JSONEncoder().encode(ExchangeRecord(made, as: .atif, lines: lines))
    let carried = #", "extra": {"hindsight": {"lines": ["a", "b", ""]}}}"#
    let expected = try value(String(Self.atif.dropLast()) + carried)
    #expect(try value(String(decoding: exported, as: UTF8.self)) == expected)
    #expect(try self.record(exported).transcriptLines == lines)
    #expect(record.transcriptLines == nil)

    #expect(try record.firstDifference(from: made) == nil)
    let other = Self.atif.replacing("Why.", with: "How.")
    #expect(try self.record(Data(other.utf8)).firstDifference(from: made) == "step 1")

    let mini = try ExchangeRecord(made, as: .miniSWEAgent, lines: lines)
    let read = try self.record(JSONEncoder().encode(mini))
    #expect(read.transcriptLines == lines)
    #expect(try read.firstDifference(from: made) == nil)
  }

  /// Beside what was said and done; in ATIF's `extra` anything may stand.
  @Test func whatIsSaidOfTheWholeIsCompared() throws {
    let own = Transcript(
      header: TranscriptTests.header, turns: TranscriptTests.turns, end: TranscriptTests.end)
    let cases: [(ExchangeRecord.Format, String, String, String?)] = [
      (.atif, #""name":"hindsight""#, #""name":"other""#, "'agent.name'"),
      (.atif, #""model_name":"s""#, #""model_name":"t""#, "'agent.model_name'"),
      (.atif, #""total_steps":3"#, #""total_steps":4"#, "'final_metrics.total_steps'"),
      (.atif, #""total_steps":3"#, #""total_steps":3.0"#, nil),
      (.atif, #""extra":{"#, #""extra":{"a":1,"#, nil),
      (.miniSWEAgent, #""api_calls":2"#, #""api_calls":3"#, "'info.model_stats'"),
      (.miniSWEAgent, #""info":{"#, #""info":{"a":1,"#, "'info.a'"),
      (.miniSWEAgent, #""info":{"#, #""info":{"a":null,"#, nil),
    ]
    for (format, old, new, difference) in cases {
      let exported = try ExchangeRecord(own, as: format, lines: Data("a".utf8))
      let text = String(decoding: try JSONEncoder().encode(exported), as: UTF8.self)
      let edited = text.replacing(old, with: new)
      #expect(edited != text, "\(old)")
      #expect(try record(Data(text.utf8)).firstDifference(from: own) == nil)
      #expect(try record(Data(edited.utf8)).firstDifference(from: own) == difference, "\(new)")
    }
  }

  @Test func aRecordWithoutRoomForOurLinesIsRefused() throws {
    let lines = Data("a\nb\n".utf8)
    func exported(_ extra: String, as format: ExchangeRecord.Format) throws -> ExchangeRecord {
      let foreign = "\(Self.atif.dropLast()), \"extra\": \(extra)}"
      return try ExchangeRecord(
        transcript(of: record(Data(foreign.utf8))), as: format, lines: lines)
    }
    for extra in [#""mine""#, "[1]", "0", "false"] {
      let error = #expect(throws: TranscriptError.self) { try exported(extra, as: .atif) }
      #expect(
        error?.description.hasPrefix("'imported.extra' isn't an object") == true, "\(extra)")
      #expect(try exported(extra, as: .miniSWEAgent).transcriptLines == lines)
    }
    for extra in ["null", "{}"] {
      #expect(try exported(extra, as: .atif).transcriptLines == lines)
    }
  }

  @Test func aTranscriptWithoutTurnsComesBack() throws {
    let empty = Transcript(header: TranscriptTests.header, turns: [])
    for format in ExchangeRecord.Format.allCases {
      let exported = try ExchangeRecord(empty, as: format, lines: Data("a".utf8))
      let read = try record(JSONEncoder().encode(exported))
      #expect(read.transcriptLines == Data("a".utf8))
      #expect(try read.firstDifference(from: empty) == nil)
    }
  }

  /// The record is under the transcript's digests like all else; what wasn't imported has none.
  @Test func aRecordInATranscriptIsEvidence() throws {
    let file = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-record-\(UUID().uuidString).jsonl")
    defer { try? FileManager.default.removeItem(at: file) }
    let made = transcript(of: try record(Data(Self.atif.utf8)))
    try TranscriptWriter(file).write(made)
    #expect(try Transcript.read(file) == made)
    #expect(try TranscriptChain.check(file) == .intact(lines: 4))
    let text = try String(contentsOf: file, encoding: .utf8)
    let edited = text.replacing("\"notes\":\"n\"", with: "\"notes\":\"m\"")
    #expect(edited != text)
    try Data(edited.utf8).write(to: file)
    #expect(try TranscriptChain.check(file) == .changed(line: 1))

    try FileManager.default.removeItem(at: file)
    try TranscriptWriter(file).write(
      Transcript(header: TranscriptTests.header, turns: TranscriptTests.turns))
    #expect(try !String(contentsOf: file, encoding: .utf8).contains("imported"))
  }

  @Test func keysAndPasswordsAreLeftOut() throws {
    func mini(_ config: String) throws -> ExchangeRecord {
      try record(
        Data(
          """
          {"trajectory_format": "mini-swe-agent-1.1", "info": {"config": \(config)},
           "messages": [{"role": "assistant", "content": "Bearer of bad news in 2024"}]}
          """.utf8))
    }
    let cases = [
      (#"{"api_key": "k", "model_name": "m"}"#, #"{"model_name": "m"}"#),
      (
        #"{"extra_headers": {"Authorization": "k", "X-Api-Key": "k", "a": 1}}"#,
        #"{"extra_headers": {"a": 1}}"#
      ),
      (
        #"{"env": {"HF_TOKEN": "k", "MY_KEY": "k", "PAGER": "cat"}}"#, #"{"env": {"PAGER": "cat"}}"#
      ),
      (
        #"{"apiKeys": ["k"], "client_secret": "k", "db": {"password": {"value": "k"}}}"#,
        #"{"db": {}}"#
      ),
      (
        #"{"github_token": "k", "DB_PASS": "k", "passphrase": "k", "compass": "n"}"#,
        #"{"compass": "n"}"#
      ),
      (
        #"{"api_base": "https://me:k@host/v1", "home": "https://host/@me"}"#,
        #"{"api_base": "<removed>", "home": "https://host/@me"}"#
      ),
      (
        #"{"args": ["--key", "sk-abcdefghij0123456789", "-v"]}"#,
        #"{"args": ["--key", "<removed>", "-v"]}"#
      ),
    ]
    for (config, kept) in cases {
      let record = try mini(config)
      #expect(record.hasSecrets)
      #expect(try record.withoutSecrets == mini(kept).withoutSecrets, "\(config)")
    }
    // What only speaks of them, and what is like them.
    let harmless = try mini(
      #"""
      {"api_key": null, "uses_password": true, "max_tokens": 5, "eos_token": "</s>",
       "tokens": [{"token": "sk-"}], "schema": {"password": {"type": "string"}},
       "tests": {"password/test_key.py": "passed"}, "forward_env": ["OPENAI_API_KEY"]}
      """#)
    #expect(!harmless.hasSecrets)
  }
}
