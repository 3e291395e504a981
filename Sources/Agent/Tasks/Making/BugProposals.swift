package import Foundation
internal import Tools

/// A bug that could be made in a repository: one edit of one file.
package struct BugProposal: Decodable, Sendable, Equatable {
  /// The file, relative to the root.
  package var path: String
  /// The qualified name of the function that is changed; empty if none is known.
  package var function: String
  package var `operator`: String
  /// The file's text before and after.
  package var sound, mutated: String
  /// From the mutated file to the sound one, in `git diff`'s form.
  package var patch: String
  /// The line of the changed node, and how many lines and places for bugs the file has.
  package var line, lines, sites: Int
}

/// Asks the script, in the sandbox, for bugs in a repository's files: through the syntax tree in Python, by
/// the look of the text elsewhere. Nothing of the repository is run.
package struct BugProposals {
  /// Changes whenever the script does.
  package static var digest: String { MakingScript.digest }

  let root: URL
  let support: URL
  let staging: URL

  /// - Parameters:
  ///   - root: the repository.
  ///   - scratch: an existing folder for the script and its results.
  package init(root: URL, scratch: URL) throws(TaskError) {
    self.init(root: root, support: scratch.appending(path: "support"), staging: scratch)
    try MakingScript.write(to: support)
  }

  init(root: URL, support: URL, staging: URL) {
    self.root = root
    self.support = support
    self.staging = staging
  }

  private struct Job: Encodable {
    var root = "/package"
    var name: String
    var files: [String]
    var language: String
    var operators: [String]
    var seed: Int
    var limit: Int
  }

  private struct Line: Decodable {
    var proposal: BugProposal?
  }

  /// - Parameter limit: proposals at most; of each function and operator in turn.
  /// - Throws: an error of the machine. A file that can't be parsed gives no proposals.
  package func list(
    name: String, files: [String], language: RepairTask.Language, operators: [String], seed: Int,
    limit: Int
  ) async throws -> [BugProposal] {
    let workspace = staging.appending(path: "propose-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: workspace, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: workspace) }
    let job = Job(
      name: name, files: files, language: language.rawValue, operators: operators, seed: seed,
      limit: limit)
    try JSONEncoder().encode(job).write(to: workspace.appending(path: "job.json"))
    let line = "from \(MakingScript.package).proposals import main; main()"
    let result = try await Sandbox.bubblewrap.run(
      MakingScript.command(line), in: workspace.plainPath,
      limits: SandboxLimits(wallSeconds: 120, outputBytes: 64 << 20),
      readOnlyBinds: [support.plainPath: "/hindsight", root.plainPath: "/package"])
    guard result.succeeded else {
      throw TaskError(
        "the script that proposes bugs in \(root.plainPath) ended early: "
          + Printable.line(result.stoppedBy ?? String(result.output.suffix(200))))
    }
    let decoder = JSONDecoder()
    return result.output.utf8.split(separator: UInt8(ascii: "\n")).compactMap {
      (try? decoder.decode(Line.self, from: Data($0)))?.proposal
    }
  }
}
