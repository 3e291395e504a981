internal import Foundation

/// A task as Harbor has it, without the table of ours that says how its tests are run: `tests/test.sh` decides.
struct HarborFolder: Sendable {
  let folder: URL

  func lay(out directory: URL) throws -> ImportedTask {
    let old = TaskFolder(folder)
    let file = "\(old.shown)/task.toml"
    var root = try TOMLReader(text: try old.text("task.toml"), file: file)
    var table = try root.table("task")
    let description = try table.string("description")
    try old.checkLayout()
    let manager = FileManager.default
    for name in ["environment", "tests", "solution"] where old.has(name) {
      try manager.copyItem(at: folder.appending(path: name), to: directory.appending(path: name))
    }
    // What only builds an image is no part of the repository.
    let environment = directory.appending(path: "environment")
    for name in ["Dockerfile", "docker-compose.yaml", "docker-compose.yml", ".dockerignore"] {
      try? manager.removeItem(at: environment.appending(path: name))
    }
    let files = WorkTreeListing.files(in: environment.plainPath)
    guard !files.isEmpty else {
      throw ImportRefusal("its repository is inside an image, not in environment/")
    }
    guard old.has("tests/test.sh") else { throw ImportRefusal("there is no tests/test.sh") }
    guard old.has("solution/fix.patch") else {
      throw ImportRefusal(
        old.has("solution/solve.sh")
          ? "its solution is a script; give a solution/fix.patch" : "it has no solution")
    }
    try Data(UnifiedPatch.git(try old.text("solution/fix.patch")).utf8)
      .write(to: directory.appending(path: "solution/fix.patch"))
    return ImportedTask(
      id: ImportedTask.identifier(folder.lastPathComponent),
      repository: ImportedTask.identifier(folder.lastPathComponent), language: language(files),
      summary: description ?? folder.lastPathComponent, bug: "harbor",
      instruction: try old.text("instruction.md"), testCommand: "echo There are no visible tests.",
      hiddenTestCommand: nil, failToPass: [], passToPass: [], protected: [], directory: directory)
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
