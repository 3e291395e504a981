import Agent
import Foundation
import LanguageModel
import SDPO
import Synchronization
import Testing
import Tools

@Suite struct RolloutsTests {
  /// A task whose hidden test passes once `marker` exists; it waits for that for some seconds.
  private func waitingTask(in folder: URL, marker: URL) throws -> RepairTask {
    try ScriptTask.make(
      "waits", in: folder, failToPass: "seen",
      hidden: """
        turns=0
        while [ ! -e '\(marker.path)' ] && [ $turns -lt 100 ]; do sleep 0.1; turns=$((turns + 1)); done
        if [ -e '\(marker.path)' ]; then echo "ok 1 - seen"; else echo "not ok 1 - seen"; fi
        echo 1..1

        """)
  }

  /// With one episode at a time, the second one begins while the first is being graded: the first
  /// one's hidden test waits for what the second one's policy does.
  @Test func gradingMakesRoomForTheNextEpisode() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-rollouts-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let marker = folder.appending(path: "marker")
    let task = try waitingTask(in: folder, marker: marker)
    let calls = Atomic<Int>(0)
    let dialect = CompactDialect()
    let policy = ScriptedPolicy { _, _ in
      if calls.wrappingAdd(1, ordering: .relaxed).newValue == 2 {
        try Data().write(to: marker)
      }
      return PolicyTurn(text: dialect.render(.submit), finish: .stop)
    }
    let rollouts = Rollouts(
      policy: policy, dialect: dialect, tools: ToolName.allCases, limits: EpisodeLimits(),
      environment: ToolEnvironment(sandbox: .none), grader: Grader(sandbox: .none),
      recorder: try Recorder(at: folder.appending(path: "recorder").path(percentEncoded: false)),
      workFolder: folder.appending(path: "work"), transcripts: nil, concurrency: 1)
    let groups = try await rollouts.run([task], samples: 2, label: "test", seed: 1, step: 0)
    #expect(groups.count == 1 && groups[0].count == 2)
    #expect(groups[0].allSatisfy { $0.counts && $0.grade.resolved })
  }

  /// One episode submits, the other's policy takes longer than the episode may.
  @Test func whatEndedEpisodesIsCounted() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-rollouts-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let task = try ScriptTask.make(
      "greets", in: folder, failToPass: "seen", hidden: "echo 'not ok 1 - seen'; echo 1..1\n")
    let calls = Atomic<Int>(0)
    let dialect = CompactDialect()
    let policy = ScriptedPolicy { _, _ in
      if calls.wrappingAdd(1, ordering: .relaxed).newValue == 2 {
        try await Task.sleep(for: .seconds(60))
      }
      return PolicyTurn(text: dialect.render(.submit), finish: .stop)
    }
    let rollouts = Rollouts(
      policy: policy, dialect: dialect, tools: ToolName.allCases,
      limits: EpisodeLimits(wallSeconds: 3), environment: ToolEnvironment(sandbox: .none),
      grader: Grader(sandbox: .none),
      recorder: try Recorder(at: folder.appending(path: "recorder").path(percentEncoded: false)),
      workFolder: folder.appending(path: "work"), transcripts: nil, concurrency: 1)
    let groups = try await rollouts.run([task], samples: 2, label: "test", seed: 1, step: 0)
    let report = EvaluationReport(tasks: [("greets", "train")], groups: groups, ks: [1], seed: 1)
    #expect(report.stopReasons == ["submitted": 1, "time_limit": 1])
    #expect(report.submittedShare == 0.5)
  }

  /// An agent would have to make some of them by commands: they are no edits of text.
  @Test(arguments: [
    ("rm old.txt", "[ ! -e old.txt ]"),
    ("mv old.txt new.txt", "[ -e new.txt ] && [ ! -e old.txt ]"),
    ("printf '\\000\\001' > data", "[ -s data ]"),
    ("sed -i s/one/two/ crlf.txt", "grep -q two crlf.txt"),
    ("printf 'tw\\351\\n' > old.txt", "grep -aq tw old.txt"),
    ("ln -s old.txt link", "[ -L link ]"), ("chmod +x old.txt", "[ -x old.txt ]"),
    ("printf one > old.txt", "[ $(wc -c < old.txt) -eq 3 ]"),
  ])
  func goldTakesAnySolution(change: String, check: String) async throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-rollouts-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = ["old.txt": "one\n", "crlf.txt": "one\r\n"]
    let task = try ScriptTask.make(
      "mended", in: folder, failToPass: "seen",
      hidden: "if \(check); then echo 'ok 1 - seen'; else echo 'not ok 1 - seen'; fi\necho 1..1\n",
      files: files)
    let work = folder.appending(path: "work").path(percentEncoded: false)
    let workspace = try Workspace.materialize(
      .folder(task.environmentDirectory.path(percentEncoded: false)),
      recorder: try Recorder(at: folder.appending(path: "recorder").path(percentEncoded: false)),
      name: "mended", at: work)
    #expect(try await Sandbox.none.run(.shell(change), in: work).succeeded)
    let patch = try workspace.diff(from: workspace.base, to: try workspace.commit("mend"))
    let solution = task.directory.appending(path: "solution")
    try FileManager.default.createDirectory(at: solution, withIntermediateDirectories: true)
    // As a script, and then as a patch, which goes first.
    for (file, data) in [("solve.sh", Data(change.utf8)), ("fix.patch", Data(patch))] {
      try data.write(to: solution.appending(path: file))
      let task = try RepairTask(directory: task.directory)
      let gold = try await Bound.gold.grade([task], by: Grader(sandbox: .none))[0][0]
      #expect(gold.grade.resolved && gold.trajectory.finalDiff == patch, "\(file): \(gold.grade)")
      let empty = try await Bound.empty.grade([task], by: Grader(sandbox: .none))[0][0]
      #expect(!empty.grade.resolved)
    }
  }

  @Test func aReportSaysWhatIsInvalid() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-rollouts-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let task = try ScriptTask.make(
      "unsolved", in: folder, failToPass: "seen", hidden: "echo 'not ok 1 - seen'; echo 1..1\n")
    let reasons: [(Bound, String?)] = [
      (.gold, "it has neither solution/fix.patch nor solution/solve.sh"), (.empty, nil),
    ]
    for (bound, reason) in reasons {
      let groups = try await bound.grade([task], by: Grader(sandbox: .none))
      let report = EvaluationReport(
        tasks: [("unsolved", "train")], groups: groups, ks: [1], seed: 1)
      #expect(report.tasks[0].invalidReason == reason && report.tasks[0].resolved == 0)
    }
  }
}
