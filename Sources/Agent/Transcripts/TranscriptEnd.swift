import Foundation

/// A transcript's last line: why the episode ended, what it left behind, and its grade.
public struct TranscriptEnd: Sendable, Equatable {
  public var turns: Int
  public var stopReason: StopReason
  /// A git patch from the base to the last state; not always UTF-8.
  public var finalDiff: [UInt8]
  public var protectedPathsTouched: [String]
  /// Nil when the episode wasn't graded.
  public var grade: Grade?
  public var seconds: Double

  public init(
    turns: Int, stopReason: StopReason, finalDiff: [UInt8], protectedPathsTouched: [String] = [],
    grade: Grade? = nil, seconds: Double
  ) {
    self.turns = turns
    self.stopReason = stopReason
    self.finalDiff = finalDiff
    self.protectedPathsTouched = protectedPathsTouched
    self.grade = grade
    self.seconds = seconds
  }

  public init(_ trajectory: Trajectory, grade: Grade? = nil) {
    self.init(
      turns: trajectory.turns.count, stopReason: trajectory.stopReason,
      finalDiff: trajectory.finalDiff, protectedPathsTouched: trajectory.protectedPathsTouched,
      grade: grade, seconds: trajectory.seconds)
  }
}

extension TranscriptEnd: Codable {
  enum CodingKeys: String, CodingKey {
    case type, turns, detail, diff, grade, seconds
    case stopReason = "stop_reason"
    case diffBase64 = "diff_base64"
    case protectedPathsTouched = "protected_paths_touched"
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    turns = try values.decode(Int.self, forKey: .turns)
    let name = try values.decode(String.self, forKey: .stopReason)
    let detail = try values.decodeIfPresent(String.self, forKey: .detail)
    guard let reason = StopReason(name: name, detail: detail) else {
      throw DecodingError.dataCorruptedError(
        forKey: .stopReason, in: values, debugDescription: "'\(name)' is no stop reason")
    }
    stopReason = reason
    if let diff = try values.decodeIfPresent(String.self, forKey: .diff) {
      finalDiff = Array(diff.utf8)
    } else {
      finalDiff = Array(try values.decode(Data.self, forKey: .diffBase64))
    }
    protectedPathsTouched = try values.decode([String].self, forKey: .protectedPathsTouched)
    grade = try values.decodeIfPresent(Grade.self, forKey: .grade)
    seconds = try values.decode(Double.self, forKey: .seconds)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(TranscriptLineType.end, forKey: .type)
    try values.encode(turns, forKey: .turns)
    try values.encode(stopReason.name, forKey: .stopReason)
    try values.encodeIfPresent(stopReason.detail, forKey: .detail)
    if let diff = String(validating: finalDiff, as: UTF8.self) {
      try values.encode(diff, forKey: .diff)
    } else {
      try values.encode(Data(finalDiff), forKey: .diffBase64)
    }
    try values.encode(protectedPathsTouched, forKey: .protectedPathsTouched)
    try values.encodeIfPresent(grade, forKey: .grade)
    try values.encode(seconds, forKey: .seconds)
  }
}
