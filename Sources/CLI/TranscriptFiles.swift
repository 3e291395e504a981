internal import Agent
internal import Foundation

/// A transcript, or all those below a folder, in order of their names.
struct TranscriptFiles {
  let all: [URL]
  let isFolder: Bool

  init(_ path: String) throws {
    var folder: ObjCBool = false
    let url = URL(filePath: path)
    isFolder =
      FileManager.default.fileExists(atPath: path, isDirectory: &folder) && folder.boolValue
    guard isFolder else {
      all = [url]
      return
    }
    let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    all = names.filter { $0.hasSuffix(".jsonl") }.sorted().map { url.appending(path: $0) }
    guard !all.isEmpty else { throw TranscriptError("\(path) holds no transcript (.jsonl)") }
  }
}
