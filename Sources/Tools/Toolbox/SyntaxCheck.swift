import Foundation

extension Toolbox {
  /// The compiler's words if `new` has a syntax error that `old` doesn't have; nil if it has none, or
  /// if nothing on this machine can tell.
  func newSyntaxError(_ names: [[UInt8]], old: [UInt8]?, new: [UInt8]) async throws -> String? {
    guard let last = names.last, let language = Language(name: last, contents: new) else {
      return nil
    }
    if language == .json {
      if let old, Self.jsonError(old) != nil { return nil }
      return Self.jsonError(new)
    }
    guard let error = try await check(new, as: language, names) else { return nil }
    if let old, try await check(old, as: language, names) != nil { return nil }
    return error
  }

  private enum Language {
    case python, json, sh, bash, c

    init?(name: [UInt8], contents: [UInt8]) {
      let name = String(decoding: name, as: UTF8.self)
      let first = String(decoding: contents.prefix { $0 != 0x0A }.prefix(100), as: UTF8.self)
      switch name.split(separator: ".").last.map(String.init) {
      case "py": self = .python
      case "json": self = .json
      case "c": self = .c
      case "bash": self = .bash
      case "sh": self = first.contains("bash") ? .bash : .sh
      default:
        guard first.hasPrefix("#!") else { return nil }
        if first.contains("python") {
          self = .python
        } else if first.contains("bash") {
          self = .bash
        } else if first.hasSuffix("sh") {
          self = .sh
        } else {
          return nil
        }
      }
    }
  }

  private static func jsonError(_ bytes: [UInt8]) -> String? {
    do {
      _ = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
      return nil
    } catch {
      let details = (error as NSError).userInfo["NSDebugDescription"] as? String
      return details ?? "The file is no valid JSON."
    }
  }

  /// The error in a text, if there is one.
  ///
  /// A small model proposes the same again and again: each text is checked once, but for C, where it depends on other
  /// files.
  private func check(
    _ bytes: [UInt8], as language: Language, _ names: [[UInt8]]
  ) async throws -> String? {
    let path = Array(names.joined(separator: [0x2F]))
    let name = String(decoding: path, as: UTF8.self)
    if language == .c { return try await checkAnew(bytes, as: language, name: name).error }
    // A path holds no zero byte.
    let key = sha256Hex(Array("\(language)".utf8) + [0] + path + [0] + bytes)
    if let known = memory.finding(of: key) { return known.error }
    let finding = try await checkAnew(bytes, as: language, name: name)
    if finding != .unknown { memory.keep(finding, of: key) }
    return finding.error
  }

  /// Checks a text beside the workspace, so that the workspace never holds a broken state.
  private func checkAnew(
    _ bytes: [UInt8], as language: Language, name: String
  ) async throws -> SyntaxFinding {
    var template = Array((NSTemporaryDirectory() + "hindsight-check-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw ToolsError.file("can't make a temporary folder") }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/text"
    guard Beneath(root: folder).create([Array("text".utf8)], bytes: bytes) else {
      throw ToolsError.file("can't write \(path)")
    }
    let inside = sandbox == .bubblewrap ? "/check" : folder
    let text = inside + "/text"
    var limits = limits
    limits.wallSeconds = 10
    let result = try await sandbox.run(
      .program(command(language, text: text, name: name)), in: root, limits: limits,
      readOnlyBinds: [folder: "/check"])
    return switch result.exitCode {
    case 0: .sound
    // It was stopped, or there is no such checker here.
    case nil, 126, 127: .unknown
    default:
      .error(result.output.replacingBytes(of: text, with: name).importantLines(8, width: 200))
    }
  }

  private func command(_ language: Language, text: String, name: String) -> [String] {
    switch language {
    case .python:
      let program = """
        import sys, warnings
        warnings.simplefilter("ignore")
        try:
            compile(open(sys.argv[1], "rb").read(), sys.argv[2], "exec")
        except (SyntaxError, ValueError) as error:
            where = getattr(error, "lineno", None)
            print(f"{type(error).__name__}: {getattr(error, 'msg', error)} (line {where})")
            sys.exit(1)
        """
      return ["python3", "-I", "-S", "-c", program, text, name]
    case .sh: return ["sh", "-n", text]
    case .bash: return ["bash", "-n", text]
    case .c:
      let folder = name.split(separator: "/").dropLast().joined(separator: "/")
      return [
        "cc", "-fsyntax-only", "-w", "-fdiagnostics-plain-output", "-x", "c", "-iquote",
        folder.isEmpty ? "." : "./" + folder, "-I", ".", "-I", "include", "-I", "src", text,
      ]
    case .json: return ["true"]
    }
  }
}

/// What a checker says of a text.
enum SyntaxFinding: Sendable, Hashable {
  case sound
  case error(String)
  /// Nothing could be told.
  case unknown

  var error: String? { if case .error(let words) = self { words } else { nil } }
}

extension String {
  /// The first lines, each cut to a width.
  func importantLines(_ count: Int, width: Int) -> String {
    split(whereSeparator: \.isNewline).prefix(count).map { String($0.prefix(width)) }
      .joined(separator: "\n")
  }
}
