extension Toolbox {
  // MARK: View

  /// A window of a file with line numbers, or what a folder holds. Of a file that isn't there, the only one with its
  /// last name: a small model that has misspelt a folder does so again and again.
  func view(_ path: String, _ firstLine: Int?, _ lastLine: Int?) throws(Refusal) -> String {
    let names = try files.resolve(path)
    guard let status = files.status(names) else {
      let namesakes = Namesakes(of: names, in: files)
      guard let only = namesakes.only else { throw namesakes.refusal(path) }
      let found = try window(only, try files.resolve(only), firstLine, lastLine)
      return Self.noFile + "\(path), but there is\n" + found
    }
    return status.kind == .folder
      ? listing(path, names) : try window(path, names, firstLine, lastLine)
  }

  private func window(
    _ path: String, _ names: [[UInt8]], _ firstLine: Int?, _ lastLine: Int?
  ) throws(Refusal) -> String {
    let (file, isWhole) = try text(path, names)
    let count = file.lines.count
    if count == 0 {
      memory.open(path)
      return "\(path) is empty."
    }
    let first = max(firstLine ?? 1, 1)
    guard first <= count else {
      throw Refusal("\(path) has only \(counted(count, "line")); there is no line \(first).")
    }
    let last = min(lastLine ?? (first + options.viewLines - 1), count)
    guard last >= first else {
      throw Refusal("The last line (\(lastLine ?? 0)) is before the first (\(first)).")
    }
    memory.open(path)
    var shown: [String] = []
    var room = options.maxCharacters - 120
    for number in first...last {
      let line = file.numbered(number, width: options.lineWidth)
      room -= line.unicodeScalars.count + 1
      if room < 0 && !shown.isEmpty { break }
      shown.append(line)
    }
    let end = first + shown.count - 1
    let size = isWhole ? "\(count)" : "more than \(count)"
    var result = "\(path), lines \(first)-\(end) of \(size):\n" + shown.joined(separator: "\n")
    if end < count {
      result += "\n[\(counted(count - end, "more line")) below; view from line \(end + 1)]"
    }
    return result
  }

  private func listing(_ path: String, _ names: [[UInt8]]) -> String {
    let limit = 200
    let entries = files.list(names, limit: limit + 1, depth: 4, folders: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard !entries.isEmpty else { return "The folder \(path) holds no files." }
    var result = "Files in \(path):"
    var room = options.maxCharacters - 80
    var shown = 0
    for entry in entries.prefix(limit) {
      room -= entry.unicodeScalars.count + 1
      if room < 0 { break }
      result += "\n" + entry
      shown += 1
    }
    if shown < entries.count {
      let more = entries.count > limit ? "more" : "\(entries.count - shown) more"
      result += "\n[\(more); view a folder in it]"
    }
    return result
  }

  /// A text file's beginning, and whether that is all of it.
  func text(_ path: String, _ names: [[UInt8]]) throws(Refusal) -> (file: TextFile, isWhole: Bool) {
    guard let status = files.status(names) else { throw missing(path, names) }
    switch status.kind {
    case .folder: throw Refusal("\(path) is a folder, not a file.")
    case .file: break
    case .link, .other: throw Refusal("\(path) is no regular file.")
    }
    guard let bytes = files.read(names, limit: Self.maximumFileBytes) else {
      throw Refusal("\(path) can't be read.")
    }
    let file = TextFile(bytes)
    guard !file.isBinary else {
      throw Refusal("\(path) is a binary file of \(status.size) bytes.")
    }
    return (file, status.size <= Self.maximumFileBytes)
  }

  static let noFile = "There is no file "

  /// Says that a file doesn't exist and names those with the same last name.
  func missing(_ path: String, _ names: [[UInt8]]) -> Refusal {
    Namesakes(of: names, in: files).refusal(path)
  }

  /// Files with the same last name as one that isn't there, among as many as are looked at.
  private struct Namesakes {
    private static let limit = 2000
    private let same: [[UInt8]]
    private let all: [[UInt8]]

    init(of names: [[UInt8]], in files: Beneath) {
      let wanted = names.last ?? []
      all = files.list([], limit: Self.limit, depth: 8, folders: false)
      same = all.filter { $0 == wanted || $0.ends(with: [0x2F] + wanted) }
    }

    /// The one that can be meant; nil where there are several, or might be, or it has no name that can be said.
    var only: String? {
      same.count == 1 && all.count < Self.limit ? String(validating: same[0], as: UTF8.self) : nil
    }

    func refusal(_ path: String) -> Refusal {
      let hints = (same.isEmpty ? all.prefix(10) : same.prefix(3)).map {
        String(decoding: $0, as: UTF8.self)
      }
      if hints.isEmpty { return Refusal(Toolbox.noFile + "\(path).") }
      let lead = same.isEmpty ? "Files there are:" : "Did you mean:"
      return Refusal(Toolbox.noFile + "\(path). \(lead) \(hints.joined(separator: ", "))")
    }
  }

  // MARK: Search

  /// Lines that contain the pattern as it stands; if there are none, those that match it as a simple
  /// regular expression.
  func search(_ pattern: String, _ path: String?) throws(Refusal) -> String {
    guard !pattern.isEmpty else { throw Refusal("The pattern is empty: say what to look for.") }
    guard !pattern.utf8.contains(0x0A) else {
      throw Refusal("A search looks at single lines; the pattern has a line break in it.")
    }
    let names = try files.resolve(path ?? ".")
    guard let status = files.status(names) else { throw missing(path ?? ".", names) }
    let paths =
      status.kind == .folder
      ? files.list(names, limit: 20_000, depth: TreeRecorder.maximumDepth, folders: false)
      : [Array(names.joined(separator: [0x2F]))]
    let bytes = Array(pattern.utf8)
    var found = matches(paths) { $0.firstIndex(of: bytes) != nil }
    if found.total == 0, let expression = SearchPattern(regularExpression: pattern) {
      found = matches(paths) { expression.isFound(in: $0) }
    }
    let place = path.map { " in \($0)" } ?? ""
    guard found.total > 0 else { return "No line\(place) contains \(pattern)" }
    var result =
      "\(counted(found.total, "match")) in \(counted(found.files, "file")):\n"
      + found.lines.joined(separator: "\n")
    if found.total > found.lines.count {
      result += "\n[\(found.total - found.lines.count) more; search for something narrower]"
    }
    return result
  }

  private func matches(_ paths: [[UInt8]], _ isMatch: (ArraySlice<UInt8>) -> Bool) -> (
    lines: [String], total: Int, files: Int
  ) {
    var result = (lines: [String](), total: 0, files: 0)
    var room = options.maxCharacters - 120
    for path in paths {
      let names = path.split(separator: 0x2F).map { Array($0) }
      guard let bytes = files.read(names, limit: Self.maximumFileBytes) else { continue }
      let file = TextFile(bytes)
      if file.isBinary { continue }
      var isFirst = true
      for (index, line) in file.lines.enumerated() where isMatch(line) {
        result.total += 1
        if isFirst { result.files += 1 }
        isFirst = false
        let text =
          String(decoding: path, as: UTF8.self) + ":\(index + 1):"
          + line.shown(width: options.lineWidth)
        room -= text.unicodeScalars.count + 1
        if result.lines.isEmpty || (room >= 0 && result.lines.count < options.searchMatches) {
          result.lines.append(text)
        } else {
          room = -1
        }
      }
    }
    return result
  }
}

extension ToolResult {
  /// Whether it is that of a view which shows another file than the one asked for.
  package var isOfNamesake: Bool { !isError && text.hasPrefix(Toolbox.noFile) }
}

extension RandomAccessCollection where Element == UInt8, Index == Int {
  /// Where the bytes first begin.
  func firstIndex(of wanted: [UInt8]) -> Int? {
    guard let first = wanted.first else { return startIndex }
    var index = startIndex
    while index + wanted.count <= endIndex {
      guard let next = self[index...].firstIndex(of: first), next + wanted.count <= endIndex else {
        return nil
      }
      if self[next..<(next + wanted.count)].elementsEqual(wanted) { return next }
      index = next + 1
    }
    return nil
  }

  /// Where the bytes begin, without overlaps.
  func indices(of wanted: [UInt8]) -> [Int] {
    var result: [Int] = []
    var index = startIndex
    while let next = self[index...].firstIndex(of: wanted), !wanted.isEmpty {
      result.append(next)
      index = next + wanted.count
    }
    return result
  }
}
