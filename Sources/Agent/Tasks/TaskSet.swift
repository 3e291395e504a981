public import Foundation
import Tools

/// The tasks of a folder, sorted by id.
public struct TaskSet: Sendable {
  public let tasks: [RepairTask]

  /// - Throws: ``TaskError`` if two tasks have the same id, or a repository is in both splits: the
  ///   held-out tasks would then measure what was trained on.
  public init(_ tasks: [RepairTask]) throws(TaskError) {
    let tasks = tasks.sorted { $0.id < $1.id }
    for (left, right) in zip(tasks, tasks.dropFirst()) where left.id == right.id {
      throw TaskError(
        "two tasks have the id \"\(left.id)\": \(left.directory.path(percentEncoded: false)) and "
          + right.directory.path(percentEncoded: false))
    }
    var homes: [String: RepairTask] = [:]
    for task in tasks {
      if let other = homes[task.repository], other.split != task.split {
        throw TaskError(
          "repository \"\(task.repository)\" must be wholly in one split, but \(other.id) is in "
            + "\(other.split.rawValue) and \(task.id) in \(task.split.rawValue)")
      }
      homes[task.repository] = task
    }
    self.tasks = tasks
  }

  /// Loads every task in a folder: each child that has a `task.toml`, or the folder itself if it is a task.
  ///
  /// - Parameters:
  ///   - split: only the tasks of this split; nil for all.
  ///   - ids: only these; nil or empty for all.
  /// - Throws: ``TaskError`` if the folder is missing or holds no task, a task can't be loaded, an id is
  ///   unknown, or the set is refused by ``init(_:)``.
  public static func load(
    _ directory: URL, split: RepairTask.Split? = nil, ids: [String]? = nil
  ) throws(TaskError) -> TaskSet {
    var tasks: [RepairTask] = []
    for folder in try folders(in: directory) { tasks.append(try RepairTask(directory: folder)) }
    return try TaskSet(tasks).filtered(split: split, ids: ids)
  }

  /// SHA-256 of every file of every task: equal if the tasks are what they were.
  public func digest() -> String {
    sha256Hex(Data(tasks.map(\.fingerprint).joined().utf8))
  }

  /// The folders in `directory` that hold a `task.toml`, sorted by name, loaded or not.
  public static func folders(in directory: URL) throws(TaskError) -> [URL] {
    let shown = directory.path(percentEncoded: false).trimmingTrailingSlash
    if TaskFolder(directory).has("task.toml") { return [directory] }
    let children: [String]
    do {
      children = try FileManager.default.contentsOfDirectory(atPath: shown)
    } catch {
      throw TaskError("the folder of tasks \(shown) can't be read, or isn't there")
    }
    let found = children.sorted().map { directory.appending(path: $0) }
      .filter { TaskFolder($0).has("task.toml") }
    guard !found.isEmpty else { throw TaskError("\(shown) holds no folder with a task.toml") }
    return found
  }

  /// Those, and those of the sets that lie in folders of their own in it, as `tasks/made` does in `tasks`.
  public static func folders(below directory: URL) throws(TaskError) -> [URL] {
    let found = try folders(in: directory)
    guard found != [directory] else { return found }
    let children = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    let sets = children.sorted().map { directory.appending(path: $0) }
      .filter { !TaskFolder($0).has("task.toml") }
    return found + sets.flatMap { (try? folders(in: $0)) ?? [] }
  }

  /// - Throws: ``TaskError`` naming an id that no task has, or a filter that leaves nothing.
  public func filtered(
    split: RepairTask.Split? = nil, ids: [String]? = nil
  ) throws(TaskError) -> TaskSet {
    var kept = tasks
    if let ids, !ids.isEmpty {
      let known = Set(tasks.map(\.id))
      if let unknown = ids.first(where: { !known.contains($0) }) {
        throw TaskError("no task has the id \"\(unknown)\"")
      }
      kept = kept.filter { ids.contains($0.id) }
    }
    if let split { kept = kept.filter { $0.split == split } }
    guard !kept.isEmpty else {
      throw TaskError("no task is in the split \"\(split?.rawValue ?? "")\"")
    }
    return try TaskSet(kept)
  }
}

extension RepairTask {
  /// The task's id, then a line with digest and path for each of its files: what a digest of tasks,
  /// or of something made from them, is taken over.
  public var fingerprint: String {
    "\(id)\n" + WorkTreeListing.digests(in: directory)
  }
}
