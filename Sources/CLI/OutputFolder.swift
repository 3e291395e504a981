internal import Foundation

/// The folder that a command writes its results to.
enum OutputFolder {
  /// Refuses a folder that already holds `marker`, unless it is to be replaced, and what is none: to be asked
  /// before the work that ends in ``prepare(_:holds:force:)``.
  static func check(_ path: String, holds marker: String, force: Bool) throws {
    let folder = URL(filePath: path)
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder),
      !isFolder.boolValue
    {
      throw SetupError(description: "\(path) is a file: --output must be a folder")
    }
    if !force, FileManager.default.fileExists(atPath: folder.appending(path: marker).path) {
      throw SetupError(
        description:
          "\(path) already holds a \(marker): choose another --output, or --force to replace it")
    }
  }

  /// Makes the folder; refuses one that already holds `marker`, unless forced to start over.
  static func prepare(_ path: String, holds marker: String, force: Bool) throws -> URL {
    try check(path, holds: marker, force: force)
    let folder = URL(filePath: path)
    let manager = FileManager.default
    if manager.fileExists(atPath: folder.appending(path: marker).path) {
      let names = [
        "transcripts", "recorder.git", "work", "checkpoints", "best", "final", "swebench",
        "predictions.jsonl", marker,
      ]
      for name in names {
        try? manager.removeItem(at: folder.appending(path: name))
      }
    }
    do {
      try manager.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw SetupError(description: "\(path) can't be made: \(Failure.reason(for: error))")
    }
    return folder
  }

  static func writeJSON(_ value: some Encodable, to file: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try encoder.encode(value).write(to: file, options: .atomic)
  }
}

/// A file that a command writes its figures or its page to.
enum OutputFile {
  /// Refuses what can't be written, before the work rather than after it.
  static func check(_ path: String?, option: String) throws {
    guard let path else { return }
    let manager = FileManager.default
    var isFolder: ObjCBool = false
    if manager.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw SetupError(description: "\(option) is \(path), which is a folder")
    }
    let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
    guard manager.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw SetupError(description: "\(option) is \(path), but there is no folder \(folder)")
    }
    guard manager.isWritableFile(atPath: folder) else {
      throw SetupError(description: "\(option) is \(path), but \(folder) can't be written to")
    }
  }
}
