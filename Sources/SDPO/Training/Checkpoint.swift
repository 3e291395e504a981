import Foundation
import LanguageModel

/// Where a run stands.
protocol RunState: Codable {
  /// After which it stands: step or update.
  var step: Int { get }
}

/// What a run needs to go on as if nothing had happened. All random streams derive from the seed
/// and the step, so the step stands for them and for the data position.
struct TrainingState: RunState, Equatable {
  /// The last finished step.
  var step = 0
  /// AdamW's own count: a step in which nothing took part makes no update.
  var updates = 0
  var collapseGuard: CollapseGuard
  /// The highest mean reward of a step's rollouts, and the step whose policy earned it: weights
  /// before that step's update.
  var bestReward: Double?
  var bestStep: Int?
}

/// Saves and loads a run's weights, moments, teacher and state: one folder a checkpoint, written
/// aside, flushed and renamed, so that a kill at any moment leaves the last one whole.
struct Checkpoints {
  let folder: URL

  private static let kept = 2

  /// Finished checkpoints' steps, ascending.
  func steps() -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.compactMap { name in
      name.hasPrefix("step-") ? Int(name.dropFirst(5)) : nil
    }.sorted()
  }

  func path(step: Int) -> URL {
    folder.appending(
      path: "step-" + String(repeating: "0", count: max(0, 6 - "\(step)".count)) + "\(step)")
  }

  func save(
    _ state: some RunState, student: Learner, teacher: Learner?, optimizer: AdamW
  ) throws {
    let manager = FileManager.default
    let temporary = folder.appending(path: ".writing")
    // Also if the disk is full: then it gets its place back.
    defer { try? manager.removeItem(at: temporary) }
    try? manager.removeItem(at: temporary)
    try manager.createDirectory(at: temporary, withIntermediateDirectories: true)
    try Self.write(student.layout, student.trained, to: temporary, "student")
    if let teacher { try Self.write(teacher.layout, teacher.trained, to: temporary, "teacher") }
    try Self.write(student.layout, optimizer.first, to: temporary, "first_moment")
    try Self.write(student.layout, optimizer.second, to: temporary, "second_moment")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    // Last, so that a folder with a state is a whole one.
    let file = try AtomicFile(temporary.appending(path: "state.json").path)
    try encoder.encode(state).withUnsafeBytes { try file.write($0) }
    try file.commit()
    let target = path(step: state.step)
    try? manager.removeItem(at: target)
    try manager.moveItem(at: temporary, to: target)
    Self.synchronize(folder)
    for old in steps().dropLast(Self.kept) { try? manager.removeItem(at: path(step: old)) }
  }

  /// Reads the newest checkpoint into the given storage; nil if there is none.
  ///
  /// - accepts: throws if the state is one that can't be gone on from; nothing was read into storage then.
  func loadLatest<State: RunState>(
    _ type: State.Type, student: Learner, teacher: Learner?, optimizer: AdamW,
    accepts: (State) throws -> Void = { _ in }
  ) throws -> State? {
    guard let step = steps().last else { return nil }
    let folder = path(step: step)
    let file = folder.appending(path: "state.json")
    let state: State
    do {
      state = try JSONDecoder().decode(State.self, from: Data(contentsOf: file))
    } catch {
      throw TrainingError("\(file.path): this isn't a checkpoint's state: \(wayOut)")
    }
    guard state.step == step else {
      throw TrainingError("\(file.path): the step is \(state.step), expected \(step): \(wayOut)")
    }
    try accepts(state)
    do {
      try Self.read(student.layout, student.trained, from: folder, "student")
      if let teacher { try Self.read(teacher.layout, teacher.trained, from: folder, "teacher") }
      try Self.read(student.layout, optimizer.first, from: folder, "first_moment")
      try Self.read(student.layout, optimizer.second, from: folder, "second_moment")
    } catch let error as ModelError {
      throw TrainingError("\(error): \(wayOut)")
    }
    return state
  }

  /// What to do about a newest checkpoint that is damaged.
  private var wayOut: String {
    "delete the checkpoint's folder to "
      + (steps().count > 1 ? "resume from the one before" : "begin again")
  }

  private static func write(
    _ layout: ParameterLayout, _ buffer: FloatBuffer, to folder: URL, _ name: String
  ) throws {
    let tensors = layout.entries.map { entry in
      SafetensorsWriter.Tensor(
        name: entry.name, shape: entry.shape,
        values: UnsafeBufferPointer(start: buffer.base + entry.offset, count: entry.count))
    }
    try SafetensorsWriter.write(
      tensors, to: folder.appending(path: "\(name).safetensors").path)
  }

  private static func read(
    _ layout: ParameterLayout, _ buffer: FloatBuffer, from folder: URL, _ name: String
  ) throws {
    let file = try SafetensorsFile(path: folder.appending(path: "\(name).safetensors").path)
    for entry in layout.entries {
      guard file.shape(of: entry.name) == entry.shape else {
        throw TrainingError(
          "\(file.origin): \(entry.name) isn't there with the shape \(entry.shape): the checkpoint is of another model or adapter"
        )
      }
      try file.read(
        entry.name,
        into: UnsafeMutableBufferPointer(start: buffer.base + entry.offset, count: entry.count))
    }
    buffer.changed()
  }

  /// A rename must survive a power cut too.
  private static func synchronize(_ folder: URL) {
    let descriptor = open(folder.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
