/// How many failing and passing tests ran each line: a program's spectrum, from which the lines follow that
/// are most likely at fault.
package struct ExecutedLines: Sendable, Equatable {
  package struct Line: Sendable, Equatable {
    /// Relative to the repository's root.
    package var path: String
    /// From 1.
    package var number: Int
    /// Tests that ran it.
    package var failing: Int
    package var passing: Int

    package init(path: String, number: Int, failing: Int, passing: Int) {
      self.path = path
      self.number = number
      self.failing = failing
      self.passing = passing
    }
  }

  /// Tests in all.
  package var failing: Int
  package var passing: Int
  /// Those that a failing test ran.
  package var lines: [Line]

  package init(failing: Int, passing: Int, lines: [Line]) {
    self.failing = failing
    self.passing = passing
    self.lines = lines
  }

  /// Lines named at most; more than twice as many that are equally suspect say nothing.
  private static let most = 6

  /// Lines that are most likely at fault.
  package struct Suspects: Sendable, Equatable {
    /// The most suspect first; equal ones as they stand.
    package var lines: [Line]

    /// "path:7, 9-11; other:3".
    package var text: String {
      Dictionary(grouping: lines, by: \.path).sorted { $0.key < $1.key }.map { path, lines in
        "\(path):" + ExecutedLines.ranges(lines.map(\.number).sorted())
      }.joined(separator: "; ")
    }
  }

  /// The most suspect lines outside tests, or nil if no few of them stand out.
  ///
  /// A line's suspicion is Ochiai's coefficient, f / √(F · (f + p)), for f of F failing and p passing tests
  /// that ran it (Abreu et al., "On the accuracy of spectrum-based fault localization", 2007). Lines of equal
  /// suspicion are named together or not at all.
  package func suspects(isTest: (String) -> Bool) -> Suspects? {
    let own = lines.filter { $0.failing > 0 && !isTest($0.path) }
    let ranked = Dictionary(grouping: own, by: suspicion).sorted { $0.key > $1.key }.map { group in
      group.value.sorted { ($0.path, $0.number) < ($1.path, $1.number) }
    }
    guard var named = ranked.first, named.count <= 2 * Self.most else { return nil }
    for next in ranked.dropFirst() {
      guard named.count + next.count <= Self.most else { break }
      named += next
    }
    return Suspects(lines: named)
  }

  private func suspicion(_ line: Line) -> Double {
    let (own, all) = (Double(line.failing), Double(max(failing, 1)))
    return own / (all * (own + Double(line.passing))).squareRoot()
  }

  /// "7, 9-11" of 7, 9, 10, 11.
  private static func ranges(_ numbers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ", ")
  }
}

extension ExecutedLines.Line: Decodable {
  /// `[path, line, failing, passing]`.
  package init(from decoder: any Decoder) throws {
    var values = try decoder.unkeyedContainer()
    path = try values.decode(String.self)
    number = try values.decode(Int.self)
    failing = try values.decode(Int.self)
    passing = try values.decode(Int.self)
  }
}
