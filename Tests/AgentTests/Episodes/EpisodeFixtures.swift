import Agent
import Foundation
import LanguageModel
import Tools

/// Episodes on a fixture task, each in a temporary folder of its own.
final class EpisodeFolder: Sendable {
  let url: URL
  let recorder: Recorder

  init() throws {
    url = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-episode-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    recorder = try Recorder(at: url.appending(path: "recorder.git").path)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var transcript: URL { url.appending(path: "episode.jsonl") }

  func place(_ name: String = "episode") -> Episode.Place {
    Episode.Place(recorder: recorder, name: name, workTree: url.appending(path: name).path)
  }
}

enum Episodes {
  static let environment = ToolEnvironment(
    sandbox: .bubblewrap, limits: SandboxLimits(wallSeconds: 20, outputBytes: 16 << 10))

  static func onFixture(_ change: (inout Episode) -> Void = { _ in }) throws -> Episode {
    let task = try TaskFixtures.task("mean-of-none")
    var episode = Episode(assignment: task.assignment, environment: environment)
    change(&episode)
    return episode
  }

  /// Calls in the compact dialect.
  static func texts(_ calls: [ToolCall]) -> [String] { calls.map(CompactDialect().render) }

  static let mend = ToolCall.edit(
    path: "stats/average.py", old: "    return total(values) / len(values)\n",
    new: "    if not values:\n        return 0\n    return total(values) / len(values)\n")

  static let solution: [ToolCall] = [
    .view(path: "stats/average.py"), .search(pattern: "def mean"), mend, .test,
    .shell(command: "python3 -c 'from stats.average import mean; print(mean([]))'"), .submit,
  ]
}
