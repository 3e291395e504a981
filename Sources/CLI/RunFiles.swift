internal import Foundation

/// What the agent is to do, and a short name for it.
struct IssueText {
  var text: String

  init(text: String) { self.text = text }

  /// From a text, a file, or standard input if it is "-".
  init(_ argument: String) throws {
    var folder: ObjCBool = false
    if argument == "-" {
      let data = try FileHandle.standardInput.readToEnd() ?? Data()
      text = String(decoding: data, as: UTF8.self)
    } else if FileManager.default.fileExists(atPath: argument, isDirectory: &folder) {
      guard !folder.boolValue else { throw RunError("--issue \(argument) is a folder") }
      text = String(decoding: try Data(contentsOf: URL(filePath: argument)), as: UTF8.self)
    } else {
      text = argument
    }
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw RunError("--issue is empty; expected what the agent is to do")
    }
  }

  /// The first line that says anything, for a commit.
  var title: String {
    let line =
      text.split(whereSeparator: \.isNewline).first { !$0.allSatisfy(\.isWhitespace) } ?? ""
    return String(line.trimmingCharacters(in: .whitespaces).prefix(100))
  }

  /// The first words in lower case, for a branch: "add-subtracts-its-arguments".
  var slug: String {
    let words = title.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    var slug = ""
    for word in words where slug.count + word.count < 40 {
      slug += (slug.isEmpty ? "" : "-") + word
    }
    return slug.isEmpty ? "change" : slug
  }
}

/// Where a run's patch and transcript go: new names, nothing is overwritten.
struct RunFiles {
  let patch: URL
  let transcript: URL
  /// What was learnt on the way.
  let adapter: URL

  init(folder: URL, name wanted: String) throws {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw RunError("\(folder.path) can't be made: \(Failure.reason(for: error))")
    }
    var name = wanted
    var number = 2
    while [".jsonl", ".patch", "-adapter"].contains(where: {
      FileManager.default.fileExists(atPath: folder.appending(path: name + $0).path)
    }) {
      name = "\(wanted)-\(number)"
      number += 1
    }
    patch = folder.appending(path: name + ".patch")
    transcript = folder.appending(path: name + ".jsonl")
    adapter = folder.appending(path: name + "-adapter")
  }

  /// `.git`, what a `.git` file points to, or a bare repository itself.
  static func gitFolder(of repository: String) throws -> URL {
    let root = URL(filePath: repository)
    let git = root.appending(path: ".git")
    if let text = try? String(contentsOf: git, encoding: .utf8), text.hasPrefix("gitdir: ") {
      let path = text.dropFirst(8).trimmingCharacters(in: .newlines)
      return path.hasPrefix("/") ? URL(filePath: path) : root.appending(path: path)
    }
    let files = FileManager.default
    if files.fileExists(atPath: git.path) { return git }
    guard files.fileExists(atPath: root.appending(path: "HEAD").path) else {
      throw RunError("--repo \(repository) is not the top folder of a git repository")
    }
    return root
  }
}

/// Why a run can't begin or was broken off, as one sentence.
struct RunError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
