import Agent
import Foundation

/// A task in shell whose hidden tests are one script that prints TAP.
enum ScriptTask {
  /// - Parameters:
  ///   - hidden: the script.
  ///   - files: of the repository, by path.
  static func make(
    _ id: String, in folder: URL, failToPass: String, hidden: String,
    files: [String: String] = ["readme": "nothing\n"],
    instruction: String = "Nothing is to be done.\n"
  ) throws -> RepairTask {
    let root = folder.appending(path: id)
    func write(_ path: String, _ text: String) throws {
      let file = root.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    try write("instruction.md", instruction)
    for (path, text) in files { try write("environment/\(path)", text) }
    try write("tests/hidden/run.sh", hidden)
    try write(
      "task.toml",
      """
      schema_version = "1.4"
      [task]
      name = "fixtures/\(id)"
      [metadata.hindsight]
      language = "shell"
      bug = "none"
      split = "train"
      repository = "\(id)"
      test_command = "true"
      hidden_test_command = "sh hidden/run.sh"
      fail_to_pass = ["\(failToPass)"]
      [verifier]
      timeout_sec = 20

      """)
    return try RepairTask(directory: root)
  }
}
