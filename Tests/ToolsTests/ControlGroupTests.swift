import Foundation
import Testing
import Tools

@Suite(.serialized)
struct ControlGroupTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(
    .enabled("the kernel doesn't bound the number of processes here") {
      let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/bwrap")
      return isInstalled ? await Sandbox.bubblewrap.processLimitNote() == nil : false
    })
  func aForkBombIsStopped() async throws {
    let limits = SandboxLimits(wallSeconds: 10, processes: 60)
    for ending in ["sleep 41.25", "while :; do :; done"] {
      let result = try await Sandbox.bubblewrap.run(
        .shell(":(){ :|:& };:; \(ending)"), in: folder.path, limits: limits)
      #expect(result.stoppedBy == "more than 60 processes" && result.exitCode == nil)
      #expect(!result.timedOut)
    }
    try await expectNothingLeft(of: limits)
  }

  @Test(.enabled("no control group can be made here") { await !ControlGroupPlace.all().isEmpty })
  func withoutASandboxNothingOutlivesItsGroup() async throws {
    let limits = SandboxLimits(wallSeconds: 10, processes: 59)
    let inside = try await Sandbox.none.run(
      .shell("cat /proc/self/cgroup"), in: folder.path, limits: limits)
    #expect(inside.output.contains("/hindsight-\(getpid())-"))
    let bomb = try await Sandbox.none.run(
      .shell(":(){ :|:& };:; sleep 41.25"), in: folder.path, limits: limits)
    #expect(bomb.stoppedBy == "more than 59 processes" && !bomb.timedOut)
    // Each is in a session of its own, and its parent has ended.
    let daemons = try await Sandbox.none.run(
      .shell("for i in 1 2 3; do setsid -f sleep 41.5 >&- 2>&-; done"), in: folder.path,
      limits: limits)
    #expect(daemons.exitCode == 0 && daemons.stoppedBy == nil)
    #expect(try run("ps -eo args | grep -Fx 'sleep 41.5' || true") == "")
    try await expectNothingLeft(of: limits)
  }

  @Test(
    .enabled("no control group can be made here") { await !ControlGroupPlace.all().isEmpty },
    arguments: [29, 30])
  func asManyAsAllowedMayRun(_ count: Int) async throws {
    let limits = SandboxLimits(wallSeconds: 60, processes: 30)
    let result = try await Sandbox.none.run(
      .shell("for i in {1..\(count)}; do sleep 41.75 & p=\"$p $!\"; done; kill $p; wait; echo end"),
      in: folder.path, limits: limits)
    // bash is one of them.
    #expect(result.stoppedBy == (count < 30 ? nil : "more than 30 processes"))
    #expect(count == 30 || result.output.hasSuffix("end\n"))
    try await expectNothingLeft(of: limits)
  }

  @Test(.enabled("no control group can be made here") { await !ControlGroupPlace.all().isEmpty })
  func whatAKilledRunLeftIsRemoved() async throws {
    // The number of a process that has ended and been waited for.
    let owner = try run("echo $$").split(separator: "\n")[0]
    for place in await ControlGroupPlace.all() {
      let group = "\(place.folder)/hindsight-\(owner)-1"
      try run("mkdir \(group)")
      let left = Process()
      left.executableURL = URL(fileURLWithPath: "/bin/sh")
      left.arguments = ["-c", "echo 0 > \(group)/cgroup.procs; exec sleep 42.25"]
      try left.run()
      try run("until grep -q . \(group)/cgroup.procs; do sleep 0.01; done")
      let own = "\(place.folder)/hindsight-\(getpid())-test"
      try run("mkdir \(own)")
      place.removeLeftovers()
      #expect(!FileManager.default.fileExists(atPath: group))
      #expect(FileManager.default.fileExists(atPath: own))
      try run("rmdir \(own)")
      left.waitUntilExit()
      #expect(left.terminationReason == .uncaughtSignal)
    }
  }

  /// Of the commands with these limits; other tests have groups at the same time, with others.
  private func expectNothingLeft(of limits: SandboxLimits) async throws {
    for place in await ControlGroupPlace.all() where place.controllers.contains(.pids) {
      let names = try FileManager.default.contentsOfDirectory(atPath: place.folder)
      for name in names where name.hasPrefix("hindsight-\(getpid())-") {
        let most = try? String(contentsOfFile: "\(place.folder)/\(name)/pids.max", encoding: .utf8)
        #expect(most != "\(limits.processes + 1)\n")
      }
    }
  }
}
