/// Cuts a text into the pieces within which byte pairs are merged. Each case is a regular
/// expression of the field, written as a scanner.
///
/// A source is limited to 2 GB by the scanner's 32-bit offsets.
enum PreTokenizer: Sendable, Equatable {
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  case gpt2
  /// Every numeric character alone, then the GPT-2 pattern on what lies between (SmolLM).
  case digitsThenGPT2
  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|`
  /// ` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
  case llama3
  /// As Llama 3, but with `\p{N}`: one number at a time.
  case qwen2

  /// Calls `body` with each piece's range of bytes, in order; together they cover everything.
  func forEachPiece(
    _ bytes: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void
  ) {
    let scan = ScalarScan(bytes)
    scan.kinds.withUnsafeBufferPointer { kinds in
      scan.offsets.withUnsafeBufferPointer { offsets in
        var cutter = PieceCutter(bytes: bytes, kinds: kinds, offsets: offsets)
        var start = 0
        while start < kinds.count {
          if self == .digitsThenGPT2 { cutter.limit(from: start) }
          let end =
            switch self {
            case .gpt2: cutter.gpt2(start)
            case .digitsThenGPT2:
              kinds[start] == ScalarScan.Kind.number ? start + 1 : cutter.gpt2(start)
            case .llama3: cutter.llama3(start, digits: 3)
            case .qwen2: cutter.llama3(start, digits: 1)
            }
          body(Int(offsets[start])..<Int(offsets[end]))
          start = end
        }
      }
    }
  }
}

/// Finds where the piece that starts at a scalar ends. Positions count scalars.
private struct PieceCutter {
  typealias Kind = ScalarScan.Kind
  let bytes: UnsafeBufferPointer<UInt8>
  let kinds: UnsafeBufferPointer<UInt8>
  let offsets: UnsafeBufferPointer<Int32>
  /// The patterns see nothing from here on.
  private var end: Int

  init(
    bytes: UnsafeBufferPointer<UInt8>, kinds: UnsafeBufferPointer<UInt8>,
    offsets: UnsafeBufferPointer<Int32>
  ) {
    self.bytes = bytes
    self.kinds = kinds
    self.offsets = offsets
    end = kinds.count
    limited = false
  }

  private var limited: Bool

  /// Lets the text end before the next number after `start`, for patterns that see the stretches
  /// between numbers one by one.
  mutating func limit(from start: Int) {
    if limited, start < end { return }
    limited = true
    end = start
    while end < kinds.count, kinds[end] != Kind.number { end += 1 }
  }

  func gpt2(_ start: Int) -> Int {
    if let end = contraction(start, ignoringCase: false) { return end }
    var first = start
    if kinds[start] == Kind.space, start + 1 < end, !isSpace(kinds[start + 1]) { first += 1 }
    if isSpace(kinds[first]) { return spaces(start) }
    return run(of: kinds[first], from: first)
  }

  func llama3(_ start: Int, digits: Int) -> Int {
    if let end = contraction(start, ignoringCase: true) { return end }
    let kind = kinds[start]
    if kind == Kind.letter { return run(of: Kind.letter, from: start) }
    if kind == Kind.number {
      var stop = start + 1
      while stop < end, stop - start < digits, kinds[stop] == Kind.number { stop += 1 }
      return stop
    }
    let next = start + 1 < end ? kinds[start + 1] : nil
    if kind != Kind.newline, next == Kind.letter { return run(of: Kind.letter, from: start + 1) }
    if kind == Kind.other || (kind == Kind.space && next == Kind.other) {
      let stop = run(of: Kind.other, from: start + 1)
      return run(of: Kind.newline, from: stop)
    }
    // \s*[\r\n]+ reaches to the last newline of the white space.
    var stop = start
    var lastNewline: Int?
    while stop < end, isSpace(kinds[stop]) {
      if kinds[stop] == Kind.newline { lastNewline = stop }
      stop += 1
    }
    if let lastNewline { return lastNewline + 1 }
    return spaces(start)
  }

  /// `\s+(?!\S)|\s+`: the white space, without its last character if something follows.
  private func spaces(_ start: Int) -> Int {
    var stop = start
    while stop < end, isSpace(kinds[stop]) { stop += 1 }
    return stop < end && stop - start > 1 ? stop - 1 : stop
  }

  private func isSpace(_ kind: UInt8) -> Bool {
    kind == Kind.space || kind == Kind.newline || kind == Kind.blank
  }

  private func run(of kind: UInt8, from start: Int) -> Int {
    var stop = start
    while stop < end, kinds[stop] == kind { stop += 1 }
    return stop
  }

  /// The end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d`. Regardless of case, ſ is an s.
  private func contraction(_ start: Int, ignoringCase: Bool) -> Int? {
    guard bytes[Int(offsets[start])] == UInt8(ascii: "'"), start + 1 < end else { return nil }
    func letter(_ index: Int) -> UInt8 {
      guard index < end else { return 0 }
      let offset = Int(offsets[index])
      let byte = bytes[offset]
      if !ignoringCase || byte < 0x41 { return byte }
      if byte <= 0x5A { return byte | 0x20 }
      if byte == 0xC5, offsets[index + 1] - offsets[index] == 2, bytes[offset + 1] == 0xBF {
        return UInt8(ascii: "s")
      }
      return byte
    }
    switch (letter(start + 1), letter(start + 2)) {
    case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _),
      (UInt8(ascii: "d"), _):
      return start + 2
    case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
      (UInt8(ascii: "l"), UInt8(ascii: "l")):
      return start + 3
    default: return nil
    }
  }
}
