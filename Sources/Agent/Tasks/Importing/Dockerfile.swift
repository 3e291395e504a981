internal import Foundation

/// What a Dockerfile says of where an image has the repository: its last stage's WORKDIR, and what it copies
/// from the folder it lies in.
struct Dockerfile {
  /// One COPY or ADD.
  struct Copy {
    var instruction: String
    /// Relative to the Dockerfile's folder, which itself is "".
    var sources: [String]
    /// Absolute.
    var destination: String
  }

  /// Absolute; nil without any.
  private(set) var workdir: String?
  private(set) var copies: [Copy] = []

  private var variables: [String: String] = [:]

  init(_ text: String) {
    var stages: [String: (workdir: String?, copies: [Copy])] = [:]
    var stage = ""
    for instruction in Self.instructions(text) {
      let parts = instruction.split(maxSplits: 1, whereSeparator: \.isWhitespace)
      guard parts.count == 2 else { continue }
      let rest = parts[1].trimmed
      switch parts[0].uppercased() {
      case "FROM":
        stages[stage] = (workdir, copies)
        let words = Self.words(rest).filter { !$0.hasPrefix("--") }.map { $0.lowercased() }
        stage = words.count > 2 ? words[2] : ""
        (workdir, copies) = stages[words.first ?? ""] ?? (nil, [])
      case "ARG", "ENV": define(rest)
      case "WORKDIR":
        workdir = Self.path(expanded(Self.unquoted(rest)), from: workdir ?? "/")
      case "COPY", "ADD": copy(rest, instruction)
      default: break
      }
    }
  }

  private mutating func define(_ text: String) {
    let words = Self.words(text)
    if let name = words.first, words.count > 1, !name.contains("=") {
      variables[name] = expanded(Self.unquoted(words.dropFirst().joined(separator: " ")))
      return
    }
    for word in words {
      guard let equals = word.firstIndex(of: "=") else { continue }
      let value = String(word[equals...].dropFirst())
      variables[String(word[..<equals])] = expanded(Self.unquoted(value))
    }
  }

  private mutating func copy(_ text: String, _ instruction: String) {
    let all = Self.words(text)
    let flags = all.prefix { $0.hasPrefix("--") }
    guard !flags.contains(where: { $0.hasPrefix("--from") }) else { return }
    let plain = all.dropFirst(flags.count)
    let list = plain.first?.hasPrefix("[") == true ? plain.joined(separator: " ") : ""
    let quoted = try? JSONDecoder().decode([String].self, from: Data(list.utf8))
    let words = (quoted ?? plain.map { Self.unquoted($0) }).map { expanded($0) }
    guard let destination = words.last, words.count > 1 else { return }
    // Neither from the folder.
    let sources = words.dropLast()
    guard !sources.contains(where: { $0.contains("://") || $0.hasPrefix("<<") }) else { return }
    copies.append(
      Copy(
        instruction: instruction,
        sources: sources.map { String(Self.path($0, from: "/").dropFirst()) },
        destination: Self.path(destination, from: workdir ?? "/")))
  }

  /// Without comments and the texts of `<<` in them, continued lines as one.
  private static func instructions(_ text: String) -> [String] {
    var result: [String] = []
    var lines = TextLines.split(text)[...]
    while let first = lines.popFirst() {
      var line = first.trimmed
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      while line.hasSuffix("\\") {
        line.removeLast()
        guard let next = lines.popFirst()?.trimmed else { break }
        line += next.isEmpty || next.hasPrefix("#") ? "\\" : " " + next
      }
      // What looks like one can be arithmetic.
      if let mark = line.firstMatch(of: #/\s\d*<<-?["']?(\w+)["']?(?:[\s>|;&)]|$)/#)?.1,
        let end = lines.firstIndex(where: { $0.trimmed == mark })
      {
        lines = lines[(end + 1)...]
      }
      result.append(line)
    }
    return result
  }

  /// Empty where it is longer than any path: variables of variables can double without end.
  private func expanded(_ text: String) -> String {
    guard text.utf8.count <= Self.longest else { return "" }
    let result = text.replacing(#/\$\{?(\w+)(?::-([^}]*))?\}?/#) { match in
      variables[String(match.1)] ?? match.2.map { String($0) } ?? ""
    }
    return result.utf8.count <= Self.longest ? result : ""
  }

  private static let longest = 4096

  private static func words(_ text: String) -> [String] {
    text.split(whereSeparator: \.isWhitespace).map(String.init)
  }

  private static func unquoted(_ text: String) -> String {
    guard let quote = text.first, "\"'".contains(quote), text.count > 1, text.last == quote else {
      return text
    }
    return String(text.dropFirst().dropLast())
  }

  /// Absolute, without dots.
  static func path(_ path: String, from folder: String) -> String {
    var parts: [Substring] = path.hasPrefix("/") ? [] : folder.split(separator: "/")
    for part in path.split(separator: "/") where part != "." {
      if part != ".." { parts.append(part) } else if !parts.isEmpty { parts.removeLast() }
    }
    return "/" + parts.joined(separator: "/")
  }
}
