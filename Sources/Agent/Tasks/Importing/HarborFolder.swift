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
    let name = try table.string("name") ?? ""
    var verifier = try root.table("verifier")
    let timeout = try verifier.positiveSeconds("timeout_sec")
    var limits = try root.table("environment")
    let memory = try megabytes("memory", of: &limits)
    let storage = try megabytes("storage", of: &limits)
    let parts = ["environment", "tests", "solution"].filter { old.has($0) }
    // A copied link would lead back: what is written or removed in the copy would be so in the set.
    if let link = parts.first(where: { old.isLink($0) }) {
      throw ImportRefusal("its \(link) is a link")
    }
    try old.checkLayout()
    if parts.contains("solution") { _ = try old.checkContents("solution") }
    let manager = FileManager.default
    for part in parts {
      try manager.copyItem(at: folder.appending(path: part), to: directory.appending(path: part))
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
    // A script becomes a patch when the task is tried.
    if old.has("solution/fix.patch") {
      try Data(UnifiedPatch.git(try old.text("solution/fix.patch")).utf8)
        .write(to: directory.appending(path: "solution/fix.patch"))
    }
    return ImportedTask(
      id: ImportedTask.identifier(folder.lastPathComponent),
      repository: ImportedTask.identifier(folder.lastPathComponent), language: language(files),
      summary: description ?? folder.lastPathComponent, bug: "harbor",
      instruction: try old.text("instruction.md"), testCommand: "echo There are no visible tests.",
      hiddenTestCommand: nil, failToPass: [], passToPass: [], protected: [], directory: directory,
      name: name.allSatisfy(\.isWhitespace) ? nil : name,
      timeout: timeout.map { Int($0.rounded(.up)) }, memoryMegabytes: memory,
      storageMegabytes: storage)
  }

  /// `memory_mb = 2048`, or `memory = "2G"` as before.
  private func megabytes(
    _ key: String, of table: inout TOMLReader
  ) throws(TaskError) -> Int? {
    let most = 1 << 30
    if let number = try table.positiveInteger(key + "_mb", limit: most) { return number }
    guard let size = try table.string(key)?.uppercased(),
      let match = size.wholeMatch(of: #/(\d{1,9})([MG])I?B?/#), let number = Int(match.1)
    else { return nil }
    return min(max(match.2 == "G" ? number << 10 : number, 1), most)
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
