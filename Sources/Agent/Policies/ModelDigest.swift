internal import Foundation
public import LanguageModel
internal import Tools

/// SHA-256 digests that say which weights a transcript or a checkpoint belongs to.
public enum ModelDigest {
  /// Of one file, what `sha256sum` prints; of several, the digest of `sha256sum`'s lines for them,
  /// with the files' names without their folder.
  public static func of(files: [String]) throws(ModelError) -> String {
    if files.count == 1 { return try digest(files[0]) }
    var lines = ""
    for file in files {
      lines += "\(try digest(file))  \(URL(filePath: file).lastPathComponent)\n"
    }
    return sha256Hex(Data(lines.utf8))
  }

  /// Of a PEFT adapter's folder.
  public static func of(adapter folder: String) throws(ModelError) -> String {
    try of(files: ["adapter_config.json", "adapter_model.safetensors"].map { "\(folder)/\($0)" })
  }

  private static func digest(_ path: String) throws(ModelError) -> String {
    do {
      return sha256Hex(try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe))
    } catch {
      throw ModelError("\(path) can't be read: \(error.localizedDescription)")
    }
  }
}
