extension Toolbox {
  /// Puts `lines` where lines `first…last` stand, with the file's own line breaks. The answer shows what
  /// stood there: the agent knows the rest.
  ///
  /// - path: that of the file viewed or changed last if nil.
  func edit(_ path: String?, _ first: Int, _ last: Int, lines: [String]) async throws -> ToolResult
  {
    guard let path = path ?? memory.openPath else {
      throw Refusal("No file was viewed yet: view one, or name its path.")
    }
    let edit = try await replacement(path, first, last, lines)
    try write(edit)
    let count = edit.file.lines.count
    let newCount = TextFile(edit.change.after).lines.count
    var text = first == last ? "Edited. Line \(first) was:" : "Edited. Lines \(first)-\(last) were:"
    text += "\n" + edit.file.window(first, last, width: options.lineWidth)
    if newCount != count { text += "\n\(path) has \(counted(newCount, "line")) now." }
    return ToolResult(text: noted(edit.change, text))
  }

  /// Puts `lines` after a line, or before the first one for 0.
  func insert(_ path: String, _ line: Int, _ lines: [String]) async throws -> ToolResult {
    guard line >= 0, line < Int.max else {
      throw Refusal("There is no line \(line): lines count from 1, and 0 is before the first.")
    }
    guard !lines.isEmpty else { throw Refusal("There is nothing to insert: give the new lines.") }
    let edit = try await replacement(path, line + 1, line, lines, inserts: true)
    try write(edit)
    let result = TextFile(edit.change.after)
    let window = result.window(line - 3, line + lines.count + 4, width: options.lineWidth)
    return ToolResult(text: noted(edit.change, "Edited \(path):\n\(window)"))
  }

  /// A file's lines replaced, before it is written.
  struct Replacement {
    var change: ToolMemory.Change
    var file: TextFile
  }

  /// - inserts: whether nothing is replaced; `last` is `first - 1` then.
  /// - isNew: whether a change that was tried in vain before is refused.
  /// - Throws: ``Refusal``, as of what would add a syntax error.
  func replacement(
    _ path: String, _ first: Int, _ last: Int, _ lines: [String],
    inserts: Bool = false, isNew: Bool = false
  ) async throws -> Replacement {
    let names = try files.resolve(path)
    let (file, isWhole) = try text(path, names)
    guard isWhole else { throw Refusal("\(path) is too large to edit.") }
    let count = file.lines.count
    guard first >= 1, first <= last || inserts else { throw Self.noLines(first, last) }
    guard last <= count else {
      throw Refusal(
        "\(path) has only \(counted(count, "line")); there is no line \(last).",
        isOfPlace: true)
    }
    let isClosed = file.bytes.isEmpty || file.bytes.last == 0x0A
    var kept = file.lines[..<(first - 1)].map { Array($0) }
    var texts = lines.map { Array($0.utf8) + (file.usesCarriageReturns ? [0x0D] : []) }
    // A last line without its line break keeps to that.
    if !isClosed, last == count, file.usesCarriageReturns, let final = texts.popLast() {
      texts.append(final.dropLast())
      // Where it stays, it isn't the last any more.
      if first > last, let before = kept.popLast() { kept.append(before + [0x0D]) }
    }
    let all = kept + texts + file.lines[last...].map { Array($0) }
    var bytes = Array(all.joined(separator: [0x0A]))
    if isClosed, !all.isEmpty { bytes.append(0x0A) }
    guard bytes != file.bytes else {
      throw Refusal("That is what stands there; nothing would change.")
    }
    let change = ToolMemory.Change(path: path, names: names, before: file.bytes, after: bytes)
    if isNew, memory.wasTried(change) { throw Refusal(Self.repeated) }
    if options.checksSyntax,
      let error = try await newSyntaxError(names, old: file.bytes, new: bytes)
    {
      throw Refusal("Edit refused, it would add a syntax error:\n\(error)", isOfPlace: true)
    }
    return Replacement(change: change, file: file)
  }

  static func noLines(_ first: Int, _ last: Int) -> Refusal {
    Refusal("Lines \(first) to \(last) are no lines; the first comes first, from 1.")
  }

  func write(_ edit: Replacement) throws(Refusal) {
    guard files.overwrite(edit.change.names, with: edit.change.after) else {
      throw Refusal("\(edit.change.path) can't be written.")
    }
  }

  /// Remembers a change. `text`, the answer, says so where it was made before and taken back.
  func noted(_ change: ToolMemory.Change, _ text: String) -> String {
    let isNew = memory.add(change)
    return isNew || options.knowsRepeats != true ? text : "\(text)\n\(Self.repeated)"
  }

  /// Takes the last edit back, if its file is as the edit left it.
  func undo() throws -> ToolResult {
    guard let edit = memory.lastChange else { throw Refusal("There is no edit to take back.") }
    try takeBack()
    return ToolResult(
      text: edit.before == nil ? "Undone. \(edit.path) is gone again." : "Undone.")
  }

  /// - inVain: whether tests have found that it doesn't help.
  func takeBack(inVain: Bool = false) throws(Refusal) {
    guard let edit = memory.lastChange else { return }
    guard files.read(edit.names, limit: Self.maximumFileBytes + 1) == edit.after else {
      throw Refusal("\(edit.path) has changed since its last edit, so that can't be taken back.")
    }
    if let before = edit.before {
      guard files.overwrite(edit.names, with: before) else {
        throw Refusal("\(edit.path) can't be written.")
      }
    } else {
      guard let name = edit.names.last, let folder = files.open(folder: edit.names.dropLast()),
        (try? folder.removeAll(name)) != nil
      else {
        throw Refusal("\(edit.path) can't be removed.")
      }
    }
    memory.takeBack(inVain: inVain)
  }
}
