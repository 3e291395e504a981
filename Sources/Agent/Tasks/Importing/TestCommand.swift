internal import Foundation

/// The command that runs an instance's tests, as far as a repository has them.
struct TestCommand: Sendable {
  private struct Place {
    /// Where Python has to look for the module; empty for the repository's root.
    var folder: String
    var file: String
  }

  private let runner: TestNames.Runner
  /// As in ``TestNames/targets``; none for all tests.
  private let wanted: [String]
  /// Those that are there.
  private let targets: [String]
  /// Where they are, relative to the repository's root.
  let files: [String]
  /// What Python's path has besides the root.
  private let path: [String]
  /// Django's tests can't do without their own program.
  private let isDjango: Bool

  init(_ runner: TestNames.Runner, _ wanted: [String], in root: String) {
    let has = { (file: String) in FileManager.default.fileExists(atPath: "\(root)/\(file)") }
    let found = wanted.compactMap { target -> (target: String, place: Place)? in
      guard let place = Self.places(of: target, runner).first(where: { has($0.file) }) else {
        return nil
      }
      return (target, place)
    }
    let folders = Set(found.map { $0.place.folder })
    let isDjango = folders.contains("tests") && has("tests/runtests.py")
    self.runner = runner
    self.wanted = wanted
    self.isDjango = isDjango
    targets = found.map { $0.target }
    files = found.map { $0.place.file }
    path =
      isDjango
      ? ["."]
      : ["src", "tests"].filter { name in
        folders.contains(name) || name == "src" && Self.hasSources("\(root)/src")
      }
  }

  /// - isPlain: without the options that the repository has pytest take: they can be for plugins that aren't here.
  func text(isPlain: Bool = false) -> String { text(of: targets, isPlain: isPlain) }

  /// The command for a repository without the new tests: it runs those that are there, or else what lies beside the
  /// others; nil where that is nothing.
  func visible(in root: String, isPlain: Bool = false) -> String? {
    let own = TestCommand(runner, wanted, in: root)
    if wanted.isEmpty || !own.targets.isEmpty { return own.text(isPlain: isPlain) }
    guard runner == .pytest else { return isDjango ? nil : text(of: [], isPlain: isPlain) }
    let folders = TestNames.unique(files.map(Self.folder)).filter { folder in
      let names = try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")
      return names?.contains { $0.wholeMatch(of: #/test_.*\.py|.*_test\.py/#) != nil } ?? false
    }
    return folders.isEmpty ? nil : text(of: folders, isPlain: isPlain)
  }

  private func text(of targets: [String], isPlain: Bool) -> String {
    let variables = path.isEmpty ? "" : "PYTHONPATH=\(path.joined(separator: ":")) "
    switch runner {
    case .pytest:
      var words = [variables + "python3 -m pytest"]
      if isPlain { words.append("-o addopts= -o required_plugins=") }
      // Else one file that can't be loaded here keeps the others from being run.
      if targets.count != 1 { words.append("--continue-on-collection-errors") }
      return (words + targets.map(ShellWords.quoted)).joined(separator: " ")
    case .unittest:
      guard !targets.isEmpty else { return variables + "python3 -m unittest discover -v" }
      let program = isDjango ? "tests/runtests.py --verbosity 2 --parallel 1" : "-m unittest -v"
      return "\(variables)python3 \(program) \(targets.joined(separator: " "))"
    }
  }

  /// Where a target may lie, the likeliest first.
  private static func places(of target: String, _ runner: TestNames.Runner) -> [Place] {
    guard runner == .unittest else { return [Place(folder: "", file: target)] }
    let module = target.replacing(".", with: "/")
    return ["", "src", "tests"].flatMap { folder in
      [".py", "/__init__.py"].map { ending in
        Place(folder: folder, file: (folder.isEmpty ? "" : folder + "/") + module + ending)
      }
    }
  }

  /// Whether a folder holds modules, and is none itself: the original environments have them installed.
  private static func hasSources(_ folder: String) -> Bool {
    let manager = FileManager.default
    let names = (try? manager.contentsOfDirectory(atPath: folder)) ?? []
    guard !names.contains("__init__.py") else { return false }
    return names.contains { name in
      name.hasSuffix(".py") || manager.fileExists(atPath: "\(folder)/\(name)/__init__.py")
    }
  }

  private static func folder(of file: String) -> String {
    let parts = file.split(separator: "/").dropLast()
    return parts.isEmpty ? "." : parts.joined(separator: "/")
  }
}
