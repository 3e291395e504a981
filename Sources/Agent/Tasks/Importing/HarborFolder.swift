internal import Foundation

/// A task as Harbor has it, without the table of ours that says how its tests are run: `tests/test.sh` decides.
struct HarborFolder: Sendable {
  let folder: URL

  func lay(out directory: URL) throws -> ImportedTask {
    let old = TaskFolder(folder)
    var settings = try HarborSettings(try old.text("task.toml"), file: "\(old.shown)/task.toml")
    try old.checkLayout()
    let parts = ["environment", "tests", "solution"].filter { old.has($0) }
    let dockerfile = Dockerfile(
      try old.has("environment/Dockerfile") ? old.text("environment/Dockerfile") : "")
    settings.carried.workdir = settings.carried.workdir ?? dockerfile.workdir
    let repository = try repository(dockerfile, at: settings.carried.workdir)
    let manager = FileManager.default
    for part in parts {
      let source = folder.appending(path: part == "environment" ? repository : part)
      try manager.copyItem(at: source, to: directory.appending(path: part))
    }
    let environment = directory.appending(path: "environment")
    try removeHistory(in: environment)
    // What only builds an image is no part of the repository.
    for name in repository == "environment" ? Self.ofImages : [] {
      try? manager.removeItem(at: environment.appending(path: name))
    }
    let files = WorkTreeListing.files(in: environment.plainPath)
    guard !files.isEmpty else {
      throw ImportRefusal("its repository is inside an image, not in environment/")
    }
    guard old.has("tests/test.sh") else { throw ImportRefusal("there is no tests/test.sh") }
    // A script becomes a patch when the task is tried.
    if old.has("solution/fix.patch") {
      try Data(UnifiedPatch.git(try old.text("solution/fix.patch")).utf8)
        .write(to: directory.appending(path: "solution/fix.patch"))
    }
    return ImportedTask(
      id: ImportedTask.identifier(folder.lastPathComponent),
      repository: ImportedTask.identifier(folder.lastPathComponent), language: language(files),
      summary: settings.description ?? folder.lastPathComponent, bug: "harbor",
      instruction: try old.text("instruction.md"), testCommand: ImportedTask.noVisibleTests,
      hiddenTestCommand: nil, failToPass: [], passToPass: [], protected: [], directory: directory,
      name: settings.name, timeout: settings.timeout, memoryMegabytes: settings.memoryMegabytes,
      storageMegabytes: settings.storageMegabytes, carried: settings.carried)
  }

  private static let ofImages = [
    "Dockerfile", "docker-compose.yaml", "docker-compose.yml", ".dockerignore",
  ]

  /// What the image has at its WORKDIR: `environment`, or the one folder in it that is copied there.
  private func repository(
    _ dockerfile: Dockerfile, at workdir: String?
  ) throws(ImportRefusal) -> String {
    let root = Dockerfile.path(workdir ?? "/", from: "/")
    guard root != "/" else { return "environment" }
    // Other copies put nothing into the repository.
    let copies = dockerfile.copies.filter { copy in
      Self.lies(copy.destination, in: root)
        || (copy.sources.contains(where: isFolder) && Self.lies(root, in: copy.destination))
    }
    let moved = copies.first { copy in
      !copy.sources.allSatisfy { source in
        let place = Dockerfile.path(source, from: root)
        return copy.destination == place
          || (!isFolder(source) && copy.destination == Dockerfile.path("..", from: place))
      }
    }
    guard let moved else { return "environment" }
    if copies.count == 1, moved.sources.count == 1, isFolder(moved.sources[0]),
      moved.destination == root
    {
      return "environment/\(moved.sources[0])"
    }
    throw ImportRefusal(
      "its environment/Dockerfile has \"\(Printable.line(moved.instruction))\"; expected what it "
        + "copies to \(Printable.line(root)) to keep its place, or to be one folder and no more")
  }

  private func isFolder(_ path: String) -> Bool {
    let place = folder.appending(path: "environment/\(path)").plainPath
    let attributes = try? FileManager.default.attributesOfItem(atPath: place)
    return attributes?[.type] as? FileAttributeType == .typeDirectory
  }

  private static func lies(_ path: String, in folder: String) -> Bool {
    path == folder || path.hasPrefix(folder == "/" ? "/" : folder + "/")
  }

  /// Any history may hold the solution.
  private func removeHistory(in environment: URL) throws {
    let root = environment.plainPath
    guard let paths = FileManager.default.enumerator(atPath: root) else { return }
    var found: [String] = []
    while let path = paths.nextObject() as? String {
      guard path.split(separator: "/").last == ".git" else { continue }
      found.append(path)
      paths.skipDescendants()
    }
    for path in found { try FileManager.default.removeItem(atPath: "\(root)/\(path)") }
  }

  /// The commonest that we know.
  private func language(_ files: [String]) -> RepairTask.Language {
    let endings: [(RepairTask.Language, [String])] = [
      (.python, [".py"]), (.c, [".c", ".h"]), (.shell, [".sh", ".bash"]),
    ]
    return endings.max { left, right in
      count(left.1, files) < count(right.1, files)
    }?.0 ?? .shell
  }

  private func count(_ endings: [String], _ files: [String]) -> Int {
    files.count { file in endings.contains { file.hasSuffix($0) } }
  }
}
