internal import Foundation
internal import Tools

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
    } else if Self.looksLikePath(argument) {
      throw RunError("--issue \(argument) names no file; expected a text, a file, or - for input")
    } else {
      text = argument
    }
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw RunError("--issue is empty; expected what the agent is to do")
    }
  }

  /// One word with a slash or a text file's ending: the name of a file that isn't there is nothing to work on.
  private static func looksLikePath(_ argument: String) -> Bool {
    guard !argument.isEmpty, !argument.contains(where: \.isWhitespace) else { return false }
    return argument.contains("/")
      || ["md", "txt", "rst"].contains(URL(filePath: argument).pathExtension)
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

  /// `.git`, where a `.git` file leads, or a bare repository itself. Not a linked work tree's own folder, which goes
  /// when the work tree does.
  static func gitFolder(of repository: String) throws -> URL {
    let root = URL(filePath: repository)
    let git = root.appending(path: ".git")
    let files = FileManager.default
    var folder: ObjCBool = false
    if files.fileExists(atPath: git.path, isDirectory: &folder) {
      return folder.boolValue ? git : URL(filePath: try UserWorkTree.commonFolder(of: repository))
    }
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
