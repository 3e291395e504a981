/// Completes the headers of a patch to what libgit2 takes for one, where `git apply` is content with less.
///
/// - Names with spaces are quoted: git splits `diff --git a/x y b/x y` where both halves agree, libgit2 at the first
///   space.
/// - An empty file that comes or goes gets the lines with its name that others have.
/// - Blank lines after a header that has no changes of lines go.
struct PatchHeaders {
  private struct Names {
    var old, new: [UInt8]
  }

  private var result: [UInt8] = []
  private var isInHeader = false
  /// The names in the header's first line, if they agree but for their prefixes.
  private var names: Names?
  /// What is to stand in the lines with names, if the file comes or goes and nothing of it was met yet.
  private var missing: Names?

  static func completed(_ patch: [UInt8]) -> [UInt8] {
    var headers = PatchHeaders()
    headers.result.reserveCapacity(patch.count)
    var lines = patch.split(separator: 0x0A, omittingEmptySubsequences: false)
    let endsLine = lines.last?.isEmpty == true
    if endsLine { lines.removeLast() }
    for line in lines { headers.take(line) }
    // A hunk that breaks off stays one.
    if !endsLine && !headers.isInHeader { headers.result.removeLast() }
    headers.end()
    return headers.result
  }

  private mutating func take(_ line: ArraySlice<UInt8>) {
    if line.starts(with: Self.start.utf8) {
      end()
      isInHeader = true
      names = Self.names(line.dropFirst(Self.start.utf8.count))
      guard let names else { return add(line) }
      result += Self.start.utf8
      result += names.old
      result.append(0x20)
      return add(names.new)
    }
    guard isInHeader else { return add(line) }
    if line.isEmpty { return }
    if let rename = Self.renames.first(where: { line.starts(with: $0.utf8) }) {
      result += rename.utf8
      return add(Self.quoted(line.dropFirst(rename.utf8.count)))
    }
    if line.starts(with: "new file mode ".utf8) {
      missing = names.map { Names(old: Self.nothing, new: $0.new) }
    } else if line.starts(with: "deleted file mode ".utf8) {
      missing = names.map { Names(old: $0.old, new: Self.nothing) }
    } else if !Self.others.contains(where: { line.starts(with: $0.utf8) }) {
      if Self.contents.contains(where: { line.starts(with: $0.utf8) }) { missing = nil }
      end()
    }
    add(line)
  }

  private mutating func end() {
    if let missing {
      result += "--- ".utf8
      add(missing.old)
      result += "+++ ".utf8
      add(missing.new)
    }
    isInHeader = false
    names = nil
    missing = nil
  }

  private mutating func add(_ line: some Collection<UInt8>) {
    result += line
    result.append(0x0A)
  }

  private static func names(_ both: ArraySlice<UInt8>) -> Names? {
    let half = both.startIndex + both.count / 2
    guard both.count > 4, both.count % 2 == 1, both[half] == 0x20 else { return nil }
    let (old, new) = (both[..<half], both[(half + 1)...])
    let prefix = both.first == 0x22 ? 3 : 2
    guard old.dropFirst(prefix).elementsEqual(new.dropFirst(prefix)) else { return nil }
    return Names(old: quoted(old), new: quoted(new))
  }

  /// git itself quotes what has more in it than spaces.
  private static func quoted(_ name: ArraySlice<UInt8>) -> [UInt8] {
    guard name.first != 0x22, name.contains(0x20) else { return Array(name) }
    var result: [UInt8] = [0x22]
    result += name
    result.append(0x22)
    return result
  }

  private static let start = "diff --git "
  private static let renames = ["rename from ", "rename to ", "copy from ", "copy to "]
  private static let others = [
    "old mode ", "new mode ", "index ", "similarity index ", "dissimilarity index ",
  ]
  private static let contents = ["--- ", "GIT binary patch", "Binary files "]
  private static let nothing = Array("/dev/null".utf8)
}
