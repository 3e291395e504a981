internal import Foundation
internal import Tools

/// The Python program that finds subjects, mutates them and runs their tests. It needs nothing but Python's own
/// library, and runs in the sandbox only.
enum MakingScript {
  static let package = "hindsight_making"

  private static let files: [(name: String, bytes: [UInt8])] = [
    ("__init__.py", []),
    ("driver.py", PackageResources.driver_py),
    ("examples.py", PackageResources.examples_py),
    ("mutate.py", PackageResources.mutate_py),
    ("operators.py", PackageResources.operators_py),
    ("package.py", PackageResources.package_py),
    ("proposals.py", PackageResources.proposals_py),
    ("slicing.py", PackageResources.slicing_py),
    ("statements.py", PackageResources.statements_py),
    ("subjects.py", PackageResources.subjects_py),
    ("textual.py", PackageResources.textual_py),
    ("trial.py", PackageResources.trial_py),
    ("unpack.py", PackageResources.unpack_py),
    ("variations.py", PackageResources.variations_py),
  ]

  /// Changes whenever the program does: results of another program are not taken for its own.
  static let digest = sha256Hex(
    Data(files.map { "\($0.name) \(sha256Hex($0.bytes))\n" }.joined().utf8))

  /// Writes the program into a folder, which the sandbox shows at `/hindsight`.
  static func write(to folder: URL) throws(TaskError) {
    let target = folder.appending(path: package)
    do {
      try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
      for file in files { try Data(file.bytes).write(to: target.appending(path: file.name)) }
    } catch {
      throw TaskError("\(target.plainPath) can't be written: \(error.localizedDescription)")
    }
  }

  /// The command for a line of Python that uses the program. Neither the workspace nor installed packages can be
  /// imported from.
  static func command(_ line: String, _ arguments: [String] = []) -> Command {
    let paths = "import sys; sys.path[0] = '/hindsight'; "
    return .program(["python3", "-s", "-S", "-B", "-c", paths + line] + arguments)
  }
}
