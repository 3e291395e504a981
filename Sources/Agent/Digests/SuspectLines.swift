package import Foundation

/// The lines that a digest calls suspect.
public struct SuspectLines: Sendable, Equatable {
  /// Their numbers: "path:7, 9-11; other:3".
  public var text: String
  /// What stands there, the most suspect line first, as a view numbers it: "7|return total".
  public var sources: [String]

  public init(text: String, sources: [String] = []) {
    self.text = text
    self.sources = sources
  }

  private static let label = "suspect: "

  /// As feedback says it.
  var sentence: String { Self.label + text }

  /// The lines of one file that feedback calls so; nil where it names none of it.
  package static func named(in feedback: String, of path: String) -> IndexSet? {
    for line in feedback.split(separator: "\n") where line.hasPrefix(label) {
      for part in line.dropFirst(label.count).split(separator: "; ")
      where part.hasPrefix(path + ":") {
        var lines = IndexSet()
        for match in part.dropFirst(path.count + 1).matches(of: /(\d+)(?:-(\d+))?/) {
          guard let first = Int(match.1), let last = Int(match.2 ?? match.1), first <= last,
            last < Int.max
          else { return nil }
          lines.insert(integersIn: first...last)
        }
        return lines.isEmpty ? nil : lines
      }
    }
    return nil
  }
}
