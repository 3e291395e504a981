internal import Foundation

/// What the script found in one module: a JSON object a line, each of one kind. Written beside hostile code, so that
/// nothing in it is believed before it has been checked.
struct MakingResult: Sendable {
  /// A small repository around one file.
  struct Subject: Decodable, Sendable {
    var id, title, module, path: String
    var files: [String: String]
    var lines, nodes: Int
  }

  /// One bug in a subject.
  struct Candidate: Decodable, Sendable {
    struct Failure: Decodable, Sendable {
      var test, seen, call, kind, expected: String
      var setup: [String]
      var visible: Bool
    }

    var subject, `operator`, function, mutated, patch: String
    var edit: [String]
    var functionText, `class`, visibleTests, hiddenTests: String
    var failing: [Failure]
    var passing: [String]
    var distance, line: Int

    enum CodingKeys: String, CodingKey {
      case subject, `operator`, function, mutated, patch, edit, `class`, failing, passing, distance
      case line
      case functionText = "function_text"
      case visibleTests = "visible_tests"
      case hiddenTests = "hidden_tests"
    }
  }

  struct Rejection: Decodable, Sendable {
    var what, reason: String
  }

  private struct Line: Decodable {
    var begin: String?
    var subject: Either?
    var task: Candidate?
    var rejected: Rejection?
    var counts: [String: Int]?
  }

  /// `subject` is an object where one is described and its id elsewhere.
  private enum Either: Decodable {
    case id(String)
    case subject(Subject)

    init(from decoder: any Decoder) throws {
      if let id = try? decoder.singleValueContainer().decode(String.self) {
        self = .id(id)
      } else {
        self = .subject(try Subject(from: decoder))
      }
    }
  }

  var subjects: [String: Subject] = [:]
  var candidates: [Candidate] = []
  var rejections: [Rejection] = []
  var counts: [String: Int] = [:]
  /// Subjects in the order in which they were begun.
  var begun: [String] = []
  /// Lines that aren't what the script writes.
  var damagedLines = 0

  init(_ data: Data) {
    let decoder = JSONDecoder()
    for bytes in data.split(separator: UInt8(ascii: "\n")) {
      guard let line = try? decoder.decode(Line.self, from: bytes) else {
        damagedLines += 1
        continue
      }
      if let begin = line.begin { begun.append(begin) }
      if case .subject(let subject)? = line.subject, subject.isSound {
        subjects[subject.id] = subject
      }
      if let candidate = line.task {
        if candidate.isSound(in: subjects[candidate.subject]) {
          candidates.append(candidate)
        } else {
          damagedLines += 1
        }
      }
      if let rejection = line.rejected { rejections.append(rejection) }
      for (reason, count) in line.counts ?? [:] {
        counts[reason, default: 0] += max(0, min(count, 1 << 20))
      }
    }
  }
}

extension MakingResult.Subject {
  /// Whether every path stays within the repository, and clear of its tests.
  fileprivate var isSound: Bool {
    files[path] != nil
      && files.keys.allSatisfy { path in
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return path.hasSuffix(".py") && parts.count < 12 && parts[0] != "tests"
          && parts[0] != "hidden"
          && parts.allSatisfy { $0.wholeMatch(of: /[\p{L}_][\p{L}\p{N}_]*(\.py)?/) != nil }
      }
  }
}

extension MakingResult.Candidate {
  fileprivate func isSound(in subject: MakingResult.Subject?) -> Bool {
    let names = failing.map(\.test) + passing + [`class`]
    return subject != nil && !failing.isEmpty && !passing.isEmpty && edit.count == 2
      && failing.contains(where: \.visible)
      && `operator`.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil
      && names.allSatisfy { $0.wholeMatch(of: /[\p{L}_][\p{L}\p{N}_]*/) != nil }
      && Set(names).count == names.count
  }
}
