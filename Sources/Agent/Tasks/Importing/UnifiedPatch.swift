/// Patches as `diff -u` writes them, made ones of git, which is what we apply.
enum UnifiedPatch {
  /// The patch with a `diff --git` line before each file, and a newline at its end; one that has such lines
  /// is left as it is.
  static func git(_ patch: String) -> String {
    let text = patch.hasSuffix("\n") || patch.isEmpty ? patch : patch + "\n"
    guard !text.hasPrefix("diff --git "), !text.contains("\ndiff --git ") else { return text }
    var result = ""
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    var rest = lines[...]
    // Lines that a hunk still has to come on each side: a removed line may begin with "-- ".
    var (old, new) = (0, 0)
    while let line = rest.popFirst() {
      if old <= 0, new <= 0, line.hasPrefix("--- "), let next = rest.first, next.hasPrefix("+++ ") {
        result += header(path(line), path(next))
        rest.removeFirst()
        continue
      }
      if old <= 0, new <= 0, let counts = counts(line) {
        (old, new) = counts
      } else if line.hasPrefix("-") {
        old -= 1
      } else if line.hasPrefix("+") {
        new -= 1
      } else if line.hasPrefix(" ") || line.isEmpty {
        (old, new) = (old - 1, new - 1)
      }
      result += line + "\n"
    }
    return result
  }

  /// The path of `--- a/path<tab>date`; nil for no file.
  private static func path(_ line: Substring) -> String? {
    let name = line.dropFirst(4).prefix { $0 != "\t" && $0 != "\r" }
    guard name != "/dev/null" else { return nil }
    return String(name.hasPrefix("a/") || name.hasPrefix("b/") ? name.dropFirst(2) : name)
  }

  private static func header(_ old: String?, _ new: String?) -> String {
    let name = new ?? old ?? ""
    let mode =
      old == nil ? "new file mode 100644\n" : new == nil ? "deleted file mode 100644\n" : ""
    return "diff --git a/\(old ?? name) b/\(name)\n\(mode)"
      + "--- \(old.map { "a/" + $0 } ?? "/dev/null")\n+++ \(new.map { "b/" + $0 } ?? "/dev/null")\n"
  }

  /// How many lines of either side a hunk has.
  private static func counts(_ line: Substring) -> (Int, Int)? {
    guard let match = line.prefixMatch(of: #/@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/#) else {
      return nil
    }
    return (match.1.flatMap { Int($0) } ?? 1, match.2.flatMap { Int($0) } ?? 1)
  }
}
