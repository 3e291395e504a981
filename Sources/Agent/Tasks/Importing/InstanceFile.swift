internal import Foundation
internal import LanguageModel

/// One row of SWE-bench's or SWE-smith's form.
struct SoftwareInstance: Sendable, Equatable {
  var id: String
  /// "owner/name", or SWE-smith's "swesmith/owner__name.commit".
  var repository: String
  /// Empty for whatever the clone has checked out.
  var baseCommit: String
  /// SWE-bench: mends the bug; SWE-smith: makes it.
  var patch: String
  /// Changes to tests; empty without any.
  var testPatch: String
  /// Empty if the row has none.
  var statement: String
  var failToPass: [String]
  var passToPass: [String]
}

/// A file of instances: a JSON object a line, or one array of them.
struct InstanceFile {
  let rows: [SoftwareInstance]

  /// - Throws: ``TaskError`` naming the file, the line (or the entry of an array) and the key.
  init(contentsOf file: URL) throws(TaskError) {
    let shown = file.plainPath
    guard let data = try? Data(contentsOf: file) else { throw TaskError("\(shown) can't be read") }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw TaskError("\(shown) is not UTF-8 text; \(Self.form)")
    }
    var rows: [SoftwareInstance] = []
    var places: [String: String] = [:]
    for (place, value) in try Self.objects(text, shown) {
      let row = try Self.row(value, at: place)
      if let first = places[row.id] {
        throw TaskError("\(place): instance_id \"\(row.id)\" stands in \(first) already")
      }
      places[row.id] = place
      rows.append(row)
    }
    guard !rows.isEmpty else { throw TaskError("\(shown) holds no instance") }
    self.rows = rows
  }

  private static let form = "expected a JSON object a line, or one array of them"

  private static func objects(
    _ text: String, _ shown: String
  ) throws(TaskError) -> [(place: String, value: Any)] {
    if text.first(where: { !$0.isWhitespace }) == "[" {
      guard let all = json(Substring(text)) as? [Any] else {
        if let overflow = JSONOverflow.first(in: text.utf8) {
          throw TaskError("\(shown):\(overflow.line): \(overflow.problem)")
        }
        throw TaskError("\(shown):\(line(ofErrorIn: text)): not valid JSON; \(form)")
      }
      return all.enumerated().map { ("\(shown), entry \($0.offset + 1)", $0.element) }
    }
    var found: [(String, Any)] = []
    for (index, line) in TextLines.split(text).enumerated()
    where line.contains(where: { !$0.isWhitespace }) {
      let place = "\(shown):\(index + 1)"
      guard let value = json(line) else {
        let problem = JSONOverflow.first(in: line.utf8)?.problem ?? "not valid JSON; \(form)"
        throw TaskError("\(place): \(problem)")
      }
      found.append((place, value))
    }
    return found
  }

  private static func json(_ text: Substring) -> Any? {
    try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
  }

  /// Where Foundation stopped, or else the last.
  private static func line(ofErrorIn text: String) -> Int {
    var bytes = text.utf8[...]
    do {
      _ = try JSONSerialization.jsonObject(with: Data(text.utf8))
    } catch {
      let said = (error as NSError).userInfo["NSDebugDescription"] as? String ?? ""
      let place = said.firstMatch(of: #/around character (\d+)/#).flatMap { Int($0.1) }
      if let place { bytes = bytes.prefix(place) }
    }
    return bytes.count { $0 == UInt8(ascii: "\n") } + 1
  }

  private static func row(_ value: Any, at place: String) throws(TaskError) -> SoftwareInstance {
    guard let object = value as? [String: Any] else {
      throw TaskError("\(place): an instance must be a JSON object")
    }
    func string(_ key: String, isRequired: Bool = false) throws(TaskError) -> String {
      guard let value = object[key], !(value is NSNull) else {
        guard !isRequired else { throw TaskError("\(place): missing key \(key)") }
        return ""
      }
      guard let text = value as? String else {
        throw TaskError("\(place): \(key) must be a string")
      }
      guard !isRequired || text.contains(where: { !$0.isWhitespace }) else {
        throw TaskError("\(place): \(key) is empty")
      }
      return text
    }
    func list(_ key: String) throws(TaskError) -> [String] {
      var value = object[key]
      // SWE-bench writes lists as strings.
      if let text = value as? String { value = text.isEmpty ? [] : json(Substring(text)) ?? text }
      if value == nil || value is NSNull { return [] }
      guard let list = value as? [String] else {
        throw TaskError("\(place): \(key) must be a list of strings, or a string that holds one")
      }
      var seen: Set<String> = []
      return list.filter { seen.insert($0).inserted }
    }
    return SoftwareInstance(
      id: try string("instance_id", isRequired: true),
      repository: try string("repo", isRequired: true), baseCommit: try string("base_commit"),
      patch: try string("patch", isRequired: true), testPatch: try string("test_patch"),
      statement: try string("problem_statement"), failToPass: try list("FAIL_TO_PASS"),
      passToPass: try list("PASS_TO_PASS"))
  }
}
