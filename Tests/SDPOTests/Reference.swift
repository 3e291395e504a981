import Foundation
import SDPO

/// The files of Tests/Fixtures/reference/sdpo, as PyTorch computed them in double precision.
enum Reference {
  struct Case: Decodable, Sendable {
    let name: String
    let alpha: Double
    let k: Int?
    let tail: Bool
    let temperature: Double
    let cap: Double?

    enum CodingKeys: String, CodingKey {
      case name, alpha, k, tail, temperature
      case cap = "importance_weight_cap"
    }

    var divergence: Divergence { Divergence(alpha: alpha, topK: k, tail: tail) }
  }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../Fixtures/reference/sdpo").standardizedFileURL

  static func cases() throws -> [Case] {
    try JSONDecoder().decode(
      [Case].self, from: Data(contentsOf: folder.appending(path: "cases.json")))
  }

  /// The tensors of a file, flattened, as doubles.
  static func tensors(_ name: String) throws -> [String: [Double]] {
    let data = try Data(contentsOf: folder.appending(path: "\(name).safetensors"))
    let headerBytes = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONDecoder().decode(
      [String: Entry].self, from: data.dropFirst(8).prefix(headerBytes))
    let body = [UInt8](data.dropFirst(8 + headerBytes))
    return header.mapValues { entry in
      body[entry.offsets[0]..<entry.offsets[1]].withUnsafeBytes { bytes in
        switch entry.dtype {
        case "I32":
          return stride(from: 0, to: bytes.count, by: 4).map {
            Double(bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self))
          }
        default:
          return stride(from: 0, to: bytes.count, by: 8).map {
            bytes.loadUnaligned(fromByteOffset: $0, as: Double.self)
          }
        }
      }
    }
  }

  private struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }

  static let vocabulary = 64

  /// The common inputs: 21 rows of 64 logits.
  struct Inputs {
    let student: [Double]
    let teacher: [Double]
    let mask: [Double]
    let sampled: [Int32]
    let old: [Double]

    init() throws {
      let file = try Reference.tensors("inputs")
      student = file["student_logits"]!
      teacher = file["teacher_logits"]!
      mask = file["mask"]!
      sampled = file["sampled_ids"]!.map { Int32($0) }
      old = file["old_logprobs"]!
    }

    /// Rows whose weight is mask / Σ mask.
    func rows(advantages: [Double]? = nil) -> [ActionRow] {
      let total = mask.reduce(0, +)
      return mask.indices.map { i in
        ActionRow(
          token: sampled[i], weight: Float(mask[i] / total), rolloutLogprob: Float(old[i]),
          oldLogprob: Float(old[i]), advantage: Float(advantages?[i] ?? 0))
      }
    }
  }
}

/// An objective evaluated on arrays.
struct Evaluation {
  var loss: Double
  var statistics: [RowStatistics]
  var gradient: [Float]

  init(
    _ objective: Objective, rows: [ActionRow], student: [Float], teacher: [Float]?, vocabulary: Int
  ) throws {
    var buffer = student
    let statistics = try buffer.withUnsafeMutableBufferPointer { student in
      if let teacher {
        try teacher.withUnsafeBufferPointer {
          try objective.evaluate(
            rows: rows, student: student, teacher: $0, vocabulary: vocabulary)
        }
      } else {
        try objective.evaluate(rows: rows, student: student, teacher: nil, vocabulary: vocabulary)
      }
    }
    self.statistics = statistics
    gradient = buffer
    loss = statistics.reduce(0) { $0 + $1.loss }
  }
}

func largestDifference(_ a: some Sequence<Float>, _ b: some Sequence<Double>) -> Double {
  zip(a, b).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
}
