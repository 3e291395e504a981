import Foundation
import SDPO
import Testing

@Suite struct MetricsTests {
  private func withDirectory(_ body: (URL) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: directory) }
    try body(directory)
  }

  private func lines(_ directory: URL) throws -> [String] {
    try String(contentsOf: directory.appending(path: "metrics.jsonl"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  /// Vectors of RFC 3720, B.4, and the usual check value.
  @Test func checksumsMatchTheStandard() {
    #expect(EventFile.crc32c(Array("123456789".utf8)) == 0xE306_9283)
    #expect(EventFile.crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(EventFile.crc32c([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(EventFile.crc32c(Array(0..<32)) == 0x46DD_794E)
    #expect(EventFile.crc32c([]) == 0)
  }

  @Test func recordsAreFramed() throws {
    let data = Array("hello".utf8)
    let record = EventFile.record(data)
    #expect(record.count == 8 + 4 + 5 + 4)
    #expect(Array(record[..<8]) == [5, 0, 0, 0, 0, 0, 0, 0])
    #expect(Array(record[12..<17]) == data)
    let word = { (at: Int) in
      record[at..<at + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    #expect(word(8) == EventFile.maskedChecksum(Array(record[..<8])))
    #expect(word(17) == EventFile.maskedChecksum(data))
  }

  @Test func everyRecordOfAnEventFileIsWhole() throws {
    try withDirectory { directory in
      let writer = try MetricsWriter(directory: directory)
      for step in 1...3 { try writer.write(step: step, ["loss": 1 / Double(step), "a/b": .nan]) }
      let name = try #require(
        FileManager.default.contentsOfDirectory(atPath: directory.path)
          .first { $0.hasPrefix("events.out.tfevents.") })
      var bytes = [UInt8](try Data(contentsOf: directory.appending(path: name)))
      var records = 0
      while !bytes.isEmpty {
        let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        try #require(bytes.count >= length + 16)
        let data = Array(bytes[12..<12 + length])
        #expect(Array(bytes[..<(length + 16)]) == EventFile.record(data))
        bytes.removeFirst(length + 16)
        records += 1
      }
      #expect(records == 4)
    }
  }

  @Test func aStepIsALineOfJSON() throws {
    try withDirectory { directory in
      let writer = try MetricsWriter(
        directory: directory, now: { Date(timeIntervalSince1970: 1_800_000_000.5) })
      try writer.write(
        step: 1, ["loss": 0.25, "bad": .nan, "worse": -.infinity, "count": 12, "small": 1e-7],
        notes: ["stop": "a \"reason\"\n"])
      let expected =
        #"{"bad":null,"count":12,"loss":0.25,"small":1e-07,"step":1,"stop":"a \"reason\"\n","#
        + #""time":1800000000.5,"worse":null}"#
      #expect(try lines(directory) == [expected])
      _ = try JSONSerialization.jsonObject(with: Data(expected.utf8))
    }
  }

  @Test func aResumedRunForgetsWhatItWillDoAgain() throws {
    try withDirectory { directory in
      let writer = try MetricsWriter(directory: directory)
      for step in 1...4 { try writer.write(step: step, ["loss": Double(step)]) }
      let file = directory.appending(path: "metrics.jsonl")
      try (Data(contentsOf: file) + Data(#"{"loss":5,"st"#.utf8)).write(to: file)
      let resumed = try MetricsWriter(directory: directory, resumingAfter: 2)
      try resumed.write(step: 3, ["loss": 30])
      let found = try lines(directory)
      #expect(found.count == 3)
      #expect(found[2].contains(#""loss":30"#))
    }
  }

  @Test func aPlaceThatCannotBeWrittenIsNamed() throws {
    #expect {
      _ = try MetricsWriter(directory: URL(filePath: "/proc/none"))
    } throws: { "\($0)".contains("/proc/none") }
  }

  @Test func aStepIsSummedUp() throws {
    var accumulator = StepAccumulator()
    let rows = RandomRows(count: 4, vocabulary: 30, seed: 21)
    var masked = rows.rows
    masked[3].weight = 0
    masked[2].turn = 12
    let found = try Evaluation(
      Objective(), rows: masked, student: rows.student, teacher: rows.teacher, vocabulary: 30)
    accumulator.add(masked, found.statistics)
    for reward in [1.0, 0, nil] {
      accumulator.add(
        TrajectoryMetrics(
          actionTokens: 30, turns: 3, calls: 3, malformedCalls: 1, repeatedCalls: 0,
          reward: reward, solved: reward == 1, hasHindsight: reward != nil,
          ranOutOfTime: reward == 0))
    }
    let values = accumulator.values
    #expect(values["policy/action_tokens"] == 3)
    #expect(abs(values["loss"]! - found.loss) < 1e-12)
    #expect(values["reward/mean"] == 0.5 && values["reward/solved_rate"] == 0.5)
    #expect(values["episodes/infrastructure_failures"] == 1)
    #expect(values["episodes/time_limit"] == 1)
    #expect(values["episodes/without_hindsight"] == 1)
    #expect(abs(values["calls/malformed_rate"]! - 1 / 3) < 1e-12)
    #expect(values["policy/response_tokens"] == 30)
    #expect(values["advantage/hindsight_abs/turn8+"] != nil)
    let entropy = found.statistics[..<3].map(\.entropy).reduce(0, +) / 3
    #expect(abs(values["policy/entropy"]! - entropy) < 1e-12)
    #expect(StepAccumulator().values == ["policy/action_tokens": 0])
  }

  @Test func theGuardStopsACollapse() {
    let start = [
      "loss": 0.1, "policy/entropy": 0.4, "calls/malformed_rate": 0.1,
      "policy/response_tokens": 100,
    ]
    let cases: [([String: Double], String)] = [
      (["policy/entropy": 4], "entropy"), (["policy/entropy": 0.0001], "entropy"),
      (["calls/malformed_rate": 0.9], "malformed"), (["policy/response_tokens": 900], "tokens"),
      (["policy/response_tokens": 3], "tokens"), (["distill/divergence": 8], "divergence"),
    ]
    for (change, word) in cases {
      var watch = CollapseGuard()
      for step in 1...3 { #expect(watch.check(step: step, start) == nil) }
      let bad = start.merging(change) { $1 }
      #expect(watch.check(step: 4, bad) == nil)
      #expect(watch.check(step: 5, start) == nil)
      #expect(watch.check(step: 6, bad) == nil)
      #expect(watch.check(step: 7, bad)?.contains(word) == true)
    }
  }

  @Test func theGuardStopsAtOnceWhereNumbersEnd() throws {
    for key in ["loss", "grad_norm"] {
      var watch = CollapseGuard()
      #expect(watch.check(step: 1, [key: .nan]) == "step 1: \(key) is nan")
      #expect(watch.check(step: 1, [key: .infinity]) != nil)
    }
  }

  @Test func theGuardResumes() throws {
    var watch = CollapseGuard()
    for step in 1...2 { _ = watch.check(step: step, ["policy/entropy": 0.1]) }
    _ = watch.check(step: 3, ["policy/entropy": 9])
    var resumed = try JSONDecoder().decode(
      CollapseGuard.self, from: JSONEncoder().encode(watch))
    #expect(resumed == watch)
    #expect(resumed.check(step: 4, ["policy/entropy": 9])?.hasPrefix("step 4: entropy 9.0") == true)
  }
}
