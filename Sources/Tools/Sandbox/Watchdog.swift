import Foundation
import Glibc
import Synchronization

/// Watches one running command for the limits that the kernel doesn't enforce by itself (time, disk,
/// and without a control group the memory and number of all processes together), learns from the
/// control group which limit was hit, and stops the tree.
final class Watch: Sendable {
  /// Why a command was stopped.
  enum Reason: Sendable, Hashable {
    case wallClock
    case processes
    case memory
    case workspace
    case files
    case cancelled
  }

  private struct State {
    var reason: Reason?
    var killAt: ContinuousClock.Instant?
    var nextDiskCheck: ContinuousClock.Instant
    /// Whom to look for at the end when there is no PID namespace.
    var seen: Set<ProcessTable.Entry> = []
  }

  private let root: pid_t
  private let limits: SandboxLimits
  private let workspace: String
  private let hasNamespace: Bool
  private let group: ControlGroup?
  private let deadline: ContinuousClock.Instant
  private let state: Mutex<State>

  init(
    root: pid_t, limits: SandboxLimits, workspace: String, hasNamespace: Bool, group: ControlGroup?
  ) {
    self.root = root
    self.limits = limits
    self.workspace = workspace
    self.hasNamespace = hasNamespace
    self.group = group
    let now = ContinuousClock.now
    deadline = now.advanced(by: .seconds(limits.wallSeconds))
    state = Mutex(State(nextDiskCheck: now.advanced(by: .milliseconds(200))))
  }

  var reason: Reason? { state.withLock { $0.reason } }

  /// Whether the command's first process has ended (it stays a zombie until it is waited for).
  var hasEnded: Bool { ProcessTable.entry(root)?.isZombie ?? true }

  /// Call it when the command has ended but the root is still a zombie, so that its session's number
  /// can't belong to another. A limit hit just before the end counts as what stopped the command.
  /// Without a namespace what the command left behind is killed, until nothing is left of it.
  func finish() {
    if let hit = group?.limitHit { state.withLock { $0.reason = $0.reason ?? hit } }
    guard !hasNamespace else { return }
    group?.killAll()
    for _ in 0..<50 {
      let left = state.withLock { members(ProcessTable(), &$0) }
      if left.isEmpty { return }
      send(SIGKILL, to: left)
      usleep(2000)
    }
  }

  /// Ends the tree now.
  func cancel() {
    state.withLock { stop(.cancelled, gently: false, &$0, ProcessTable()) }
  }

  fileprivate func tick(_ table: ProcessTable, now: ContinuousClock.Instant) {
    state.withLock { state in
      let members = members(table, &state)
      guard let entry = table.entries[root], !entry.isZombie else {
        // Without a namespace what the command left in the background has to be ended by hand.
        if !hasNamespace { send(SIGKILL, to: members) }
        return
      }
      if let killAt = state.killAt {
        if now >= killAt { killAll(table, members) }
        return
      }
      if let reason = exceeded(members, &state, now: now) {
        stop(reason, gently: reason == .wallClock, &state, table)
      }
    }
  }

  private func exceeded(
    _ members: [ProcessTable.Entry], _ state: inout State, now: ContinuousClock.Instant
  ) -> Reason? {
    if let hit = group?.limitHit { return hit }
    if now >= deadline { return .wallClock }
    if members.reduce(0, { $0 + $1.threads }) > limits.processes { return .processes }
    if members.reduce(0, { $0 + $1.residentBytes }) > limits.memoryBytes,
      members.reduce(0, { $0 + ProcessTable.proportionalBytes($1) }) > limits.memoryBytes
    {
      return .memory
    }
    guard now >= state.nextDiskCheck else { return nil }
    let usage = DiskUsage.measure(
      workspace, maximumBytes: limits.workspaceBytes, maximumFiles: limits.workspaceFiles)
    let cost = now.duration(to: .now)
    state.nextDiskCheck = ContinuousClock.now.advanced(by: max(.milliseconds(200), cost * 10))
    if usage.bytes > limits.workspaceBytes { return .workspace }
    return usage.files > limits.workspaceFiles ? .files : nil
  }

  private func members(_ table: ProcessTable, _ state: inout State) -> [ProcessTable.Entry] {
    let below = table.descendants(of: root)
    if hasNamespace { return below }
    state.seen.formUnion(below.map(\.identity))
    return table.entries.values.filter {
      $0.pid != root && !$0.isZombie
        && ($0.session == root || state.seen.contains($0.identity))
    }
  }

  private func stop(_ reason: Reason, gently: Bool, _ state: inout State, _ table: ProcessTable) {
    if state.reason == nil { state.reason = reason }
    let members = members(table, &state)
    if gently && state.killAt == nil {
      // The namespace's first process takes no SIGTERM; the others may end in order.
      send(SIGTERM, to: members)
      state.killAt = ContinuousClock.now.advanced(by: .seconds(limits.graceSeconds))
    } else {
      state.killAt = .now
      killAll(table, members)
    }
  }

  private func killAll(_ table: ProcessTable, _ members: [ProcessTable.Entry]) {
    // With the namespace's first process the kernel ends the whole tree, and the root sees it end
    // only when the last process is gone; so the root itself is left to end by itself.
    if !hasNamespace { group?.killAll() }
    send(SIGKILL, to: members)
    if members.isEmpty || !hasNamespace { kill(root, SIGKILL) }
  }
}

private func send(_ signal: Int32, to processes: [ProcessTable.Entry]) {
  for process in processes { kill(process.pid, signal) }
}

extension ProcessTable.Entry {
  /// The part that never changes while the process lives.
  fileprivate var identity: ProcessTable.Entry {
    ProcessTable.Entry(
      pid: pid, parent: 0, session: 0, threads: 0, start: start, residentBytes: 0, isZombie: false)
  }
}

/// One thread for all watches: limits hold even while every thread of the task pool computes.
enum Watchdog {
  private struct State {
    var watches: [ObjectIdentifier: Watch] = [:]
    var isRunning = false
  }
  private static let state = Mutex(State())

  static func add(_ watch: Watch) {
    let mustStart = state.withLock { state in
      state.watches[ObjectIdentifier(watch)] = watch
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if mustStart { Thread.detachNewThread { loop() } }
  }

  static func remove(_ watch: Watch) {
    state.withLock { _ = $0.watches.removeValue(forKey: ObjectIdentifier(watch)) }
  }

  /// Ends when nothing is watched; the next watch starts it again.
  private static func loop() {
    while true {
      usleep(25_000)
      let current = state.withLock { state in
        state.isRunning = !state.watches.isEmpty
        return Array(state.watches.values)
      }
      if current.isEmpty { return }
      let table = ProcessTable()
      for watch in current {
        // A watch removed meanwhile may have had its pid given to another process.
        state.withLock { state in
          if state.watches[ObjectIdentifier(watch)] != nil { watch.tick(table, now: .now) }
        }
      }
    }
  }
}

/// Size of a work tree.
enum DiskUsage {
  /// Bytes on disk and number of entries below a folder, links not followed; counting ends soon after
  /// one of the maxima is passed.
  static func measure(_ path: String, maximumBytes: Int, maximumFiles: Int) -> (
    bytes: Int, files: Int
  ) {
    var total = (bytes: 0, files: 0)
    func walk(_ folder: borrowing Descriptor, depth: Int) {
      for name in folder.names() ?? [] {
        guard total.bytes <= maximumBytes, total.files <= maximumFiles else { return }
        total.files += 1
        guard let status = folder.status(of: name) else { continue }
        total.bytes += status.allocated
        if status.kind == .folder && depth < TreeRecorder.maximumDepth,
          let child = folder.openFolder(name)
        {
          walk(child, depth: depth + 1)
        }
      }
    }
    if let folder = try? Descriptor.folder(at: path) { walk(folder, depth: 0) }
    return total
  }
}
