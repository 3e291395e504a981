/// Where a line goes that is told without a number: to the line of a file that is most like it.
package enum LikeLine: Equatable {
  /// The number, from 1, of the only line that is most like it.
  case line(Int)
  /// Lines that are alike it equally.
  case several([Int])
  /// No line is at least half like it.
  case none

  /// Where more lines are alike equally, a number must say which is meant.
  static let mostPlaces = 4

  /// Alike is measured without indentation, by the longest common subsequence of bytes over the mean of both
  /// lengths, as difflib's ratio.
  package static func find(_ line: ArraySlice<UInt8>, in lines: [ArraySlice<UInt8>]) -> LikeLine {
    let numbers = best(line, in: lines).lines
    switch numbers.count {
    case 0: return .none
    case 1: return .line(numbers[0])
    default: return .several(numbers)
    }
  }

  /// How like it the line of a text is that is most like it: from 0.5 to 1, or 0 where none is half like it.
  package static func likeness(of line: String, in text: String) -> Double {
    let best = best(Array(line.utf8)[...], in: TextFile(Array(text.utf8)).lines)
    return best.lines.isEmpty ? 0 : best.score
  }

  /// The numbers of the lines that are most like it, if they are at least half like it, and how like they are.
  private static func best(
    _ line: ArraySlice<UInt8>, in lines: [ArraySlice<UInt8>]
  ) -> (score: Double, lines: [Int]) {
    let wanted = Measured(line)
    var best = (score: 0.5, lines: [Int]())
    guard !wanted.bytes.isEmpty else { return best }
    for (index, other) in lines.enumerated() {
      let other = Measured(other)
      // Most lines can't be like it, by their bytes alone.
      guard !other.bytes.isEmpty, wanted.bound(other) >= best.score else { continue }
      let score = wanted.similarity(other)
      if score > best.score || (score == best.score && best.lines.isEmpty) {
        best = (score, [index + 1])
      } else if score == best.score {
        best.lines.append(index + 1)
      }
    }
    return best
  }

  /// A line's beginning, and how often each byte is in it.
  private struct Measured {
    let bytes: [UInt8]
    private var counts = [Int32](repeating: 0, count: 256)

    init(_ line: ArraySlice<UInt8>) {
      bytes = Array(line.trimmed.prefix(400))
      for byte in bytes { counts[Int(byte)] += 1 }
    }

    private func ratio(_ common: Int, _ other: Measured) -> Double {
      2 * Double(common) / Double(bytes.count + other.bytes.count)
    }

    func bound(_ other: Measured) -> Double {
      var common: Int32 = 0
      for byte in 0..<256 { common += min(counts[byte], other.counts[byte]) }
      return ratio(Int(common), other)
    }

    func similarity(_ other: Measured) -> Double {
      var row = [Int](repeating: 0, count: other.bytes.count + 1)
      for byte in bytes {
        var diagonal = 0
        for index in other.bytes.indices {
          let above = row[index + 1]
          row[index + 1] = byte == other.bytes[index] ? diagonal + 1 : max(above, row[index])
          diagonal = above
        }
      }
      return ratio(row[other.bytes.count], other)
    }
  }
}

extension ArraySlice<UInt8> {
  /// Without spaces, tabs and carriage returns around it.
  var trimmed: ArraySlice<UInt8> {
    var rest = self[(startIndex + indentation.count)...]
    while let last = rest.last, last.isIndentation || last == 0x0D { rest = rest.dropLast() }
    return rest
  }

  var indentation: ArraySlice<UInt8> { prefix { $0.isIndentation } }
}

extension UInt8 {
  fileprivate var isIndentation: Bool { self == 0x20 || self == 0x09 }
}
