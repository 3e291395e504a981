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
    let names = try files.resolve(path)
    let (file, isWhole) = try text(path, names)
    guard isWhole else { throw Refusal("\(path) is too large to edit.") }
    let count = file.lines.count
    guard first >= 1, first <= last else {
      throw Refusal("Lines \(first) to \(last) are no lines; the first comes first, from 1.")
    }
    guard last <= count else {
      throw Refusal("\(path) has only \(counted(count, "line")); there is no line \(last).")
    }
    let isClosed = file.bytes.last == 0x0A
    var texts = lines.map { Array($0.utf8) + (file.usesCarriageReturns ? [0x0D] : []) }
    // A last line without its line break keeps to that.
    if !isClosed, last == count, file.usesCarriageReturns, let final = texts.popLast() {
      texts.append(final.dropLast())
    }
    let all =
      file.lines[..<(first - 1)].map { Array($0) } + texts + file.lines[last...].map { Array($0) }
    var bytes = Array(all.joined(separator: [0x0A]))
    if isClosed, !all.isEmpty { bytes.append(0x0A) }
    guard bytes != file.bytes else {
      throw Refusal("That is what stands there; nothing would change.")
    }
    let result = TextFile(bytes)
    if options.checksSyntax,
      let error = try await newSyntaxError(names, old: file.bytes, new: bytes)
    {
      throw Refusal("Edit refused, it would add a syntax error:\n\(error)")
    }
    guard files.overwrite(names, with: bytes) else { throw Refusal("\(path) can't be written.") }
    var text = first == last ? "Edited. Line \(first) was:" : "Edited. Lines \(first)-\(last) were:"
    text += "\n" + file.window(first, last, width: options.lineWidth)
    if result.lines.count != count {
      text += "\n\(path) has \(counted(result.lines.count, "line")) now."
    }
    return ToolResult(text: noted(path, names, before: file.bytes, after: bytes, text))
  }

  /// Remembers a change. `text`, the answer, says so where it was made before and taken back.
  func noted(
    _ path: String, _ names: [[UInt8]], before: [UInt8]?, after: [UInt8], _ text: String
  ) -> String {
    let change = ToolMemory.Change(path: path, names: names, before: before, after: after)
    let isNew = memory.add(change)
    return isNew || options.knowsRepeats != true
      ? text : text + Self.repeatNote
  }

  /// Takes the last edit back, if its file is as the edit left it.
  func undo() throws -> ToolResult {
    guard let edit = memory.lastChange else { throw Refusal("There is no edit to take back.") }
    guard files.read(edit.names, limit: Self.maximumFileBytes + 1) == edit.after else {
      throw Refusal("\(edit.path) has changed since its last edit, so that can't be taken back.")
    }
    if let before = edit.before {
      guard files.overwrite(edit.names, with: before) else {
        throw Refusal("\(edit.path) can't be written.")
      }
    } else {
      guard let name = edit.names.last, let folder = files.open(folder: edit.names.dropLast())
      else {
        throw Refusal("\(edit.path) can't be removed.")
      }
      try folder.removeAll(name)
    }
    memory.takeBack()
    return ToolResult(
      text: edit.before == nil ? "Undone. \(edit.path) is gone again." : "Undone.")
  }
}
