internal import ArgumentParser
internal import Foundation
internal import SDPO

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Show evaluations side by side.",
    discussion: """
      Each argument is an evaluation's folder, with a title if you like: TITLE=FOLDER.

      Example: hindsight report before=runs/train/before-held-out after=runs/train/after-held-out
      """)

  @Argument(help: "Folders that `hindsight eval` wrote, as FOLDER or TITLE=FOLDER.")
  var evaluations: [String]

  @Flag(help: "Print only the path of one transcript worth reading: resolved, if there is one.")
  var transcript = false

  func run() throws {
    let found = try evaluations.map(read)
    guard transcript else {
      print(EvaluationTable.render(found.map { ($0.title, $0.report) }))
      return
    }
    let candidates = found.flatMap { item in item.report.tasks.map { (item.folder, $0) } }
    let ordered =
      candidates.filter { $0.1.resolved > 0 } + candidates.filter { $0.1.resolved == 0 }
    for (folder, task) in ordered {
      guard let path = Self.transcript(of: task, in: folder) else { continue }
      print(path)
      return
    }
    throw SetupError(description: "none of these evaluations holds a transcript")
  }

  private func read(
    _ argument: String
  ) throws -> (title: String, folder: String, report: EvaluationReport) {
    // A folder's own name may hold "=", as in lr=1e-4.
    let isThere = FileManager.default.fileExists(atPath: argument)
    let parts = isThere ? [argument] : argument.split(separator: "=", maxSplits: 1).map(String.init)
    let folder = parts.last ?? argument
    let file = URL(filePath: folder).appending(path: "report.json")
    guard let data = try? Data(contentsOf: file) else {
      throw SetupError(description: "\(folder) holds no report.json: `hindsight eval` writes one")
    }
    do {
      let report = try JSONDecoder().decode(EvaluationReport.self, from: data)
      if let task = report.tasks.first(where: { $0.resolved < 0 || $0.resolved > $0.samples }) {
        throw SetupError(
          description:
            "\(file.path): \(task.id) has \(task.resolved) of \(task.samples) samples resolved")
      }
      return (parts.count == 2 ? parts[0] : folder, folder, report)
    } catch let error as SetupError {
      throw error
    } catch {
      throw SetupError(
        description:
          "\(file.path): this isn't an evaluation's report: "
          + JSONProblem.describe(error, in: data))
    }
  }

  /// The task's first transcript that has the outcome which the report gives it.
  private static func transcript(
    of task: EvaluationReport.TaskResult, in folder: String
  ) -> String? {
    let paths = (0..<task.samples).map { "\(folder)/transcripts/eval/\(task.id)-\($0).jsonl" }
      .filter { FileManager.default.fileExists(atPath: $0) }
    let resolved = paths.first { path in
      (try? String(contentsOfFile: path, encoding: .utf8))?.contains("\"resolved\":true") ?? false
    }
    return resolved ?? paths.first
  }
}
