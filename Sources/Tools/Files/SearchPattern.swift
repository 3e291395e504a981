/// What `search` looks for: the text itself, or a simple regular expression.
///
/// Expressions know `.`, `[a-z]`, `[^…]`, `\d \w \s \b` (and `\D \W \S`), `* + ?`, `|`, groups, `^`
/// and `$`. All ways are followed at once (Thompson's construction), so the time is bounded by
/// pattern × line whatever the pattern; a backtracking engine could be made to hang.
struct SearchPattern {
  private indirect enum Step {
    case byte(Set<UInt8>)
    case split(Int, Int)
    case jump(Int)
    case lineStart, lineEnd, wordEdge
    case match
  }
  private var program: [Step] = []

  /// Nil if the text is no expression of this kind.
  init?(regularExpression text: String) {
    var parser = Parser(rest: Array(text.utf8)[...])
    guard parser.rest.count <= 500, let node = parser.alternatives(0), parser.rest.isEmpty else {
      return nil
    }
    emit(node)
    program.append(.match)
    guard program.count <= 5000 else { return nil }
  }

  /// Whether the expression is found anywhere in the line.
  func isFound(in line: ArraySlice<UInt8>) -> Bool {
    var current: Set<Int> = []
    for index in line.startIndex...line.endIndex {
      add(0, to: &current, line, index)
      if current.contains(program.count - 1) { return true }
      guard index < line.endIndex else { break }
      var next: Set<Int> = []
      for state in current {
        if case .byte(let set) = program[state], set.contains(line[index]) {
          add(state + 1, to: &next, line, index + 1)
        }
      }
      current = next
    }
    return current.contains(program.count - 1)
  }

  private func add(_ start: Int, to states: inout Set<Int>, _ line: ArraySlice<UInt8>, _ at: Int) {
    var waiting = [start]
    while let state = waiting.popLast() {
      guard states.insert(state).inserted else { continue }
      switch program[state] {
      case .jump(let target): waiting.append(target)
      case .split(let a, let b): waiting += [a, b]
      case .lineStart: if at == line.startIndex { waiting.append(state + 1) }
      case .lineEnd: if at == line.endIndex { waiting.append(state + 1) }
      case .wordEdge:
        let before = at > line.startIndex && Parser.word.contains(line[at - 1])
        let after = at < line.endIndex && Parser.word.contains(line[at])
        if before != after { waiting.append(state + 1) }
      case .byte, .match: break
      }
    }
  }

  private mutating func emit(_ node: Node) {
    switch node {
    case .byte(let set): program.append(.byte(set))
    case .lineStart: program.append(.lineStart)
    case .lineEnd: program.append(.lineEnd)
    case .wordEdge: program.append(.wordEdge)
    case .sequence(let nodes):
      for node in nodes { emit(node) }
    case .alternatives(let a, let b):
      let split = program.count
      program.append(.match)
      emit(a)
      let jump = program.count
      program.append(.match)
      program[split] = .split(split + 1, program.count)
      emit(b)
      program[jump] = .jump(program.count)
    case .repeated(let node, let least, let most):
      let start = program.count
      if least == 0 { program.append(.match) }
      emit(node)
      if most == nil { program.append(.split(start, program.count + 1)) }
      if least == 0 { program[start] = .split(start + 1, program.count) }
    }
  }

  fileprivate indirect enum Node {
    case byte(Set<UInt8>)
    case lineStart, lineEnd, wordEdge
    case sequence([Node])
    case alternatives(Node, Node)
    /// `most` is 1 or unbounded (nil).
    case repeated(Node, least: Int, most: Int?)
  }

  fileprivate struct Parser {
    var rest: ArraySlice<UInt8>
    static let digits = Set(UInt8(0x30)...0x39)
    static let word = digits.union(0x41...0x5A).union(0x61...0x7A).union([0x5F])
    static let space: Set<UInt8> = [0x20, 0x09, 0x0C, 0x0D, 0x0B]
    static let all = Set(UInt8.min ... .max)

    mutating func alternatives(_ depth: Int) -> Node? {
      guard depth < 20, let first = sequence(depth) else { return nil }
      guard rest.first == 0x7C else { return first }
      rest.removeFirst()
      return alternatives(depth + 1).map { .alternatives(first, $0) }
    }

    private mutating func sequence(_ depth: Int) -> Node? {
      var nodes: [Node] = []
      while let byte = rest.first, byte != 0x7C, byte != 0x29 {
        guard var node = atom(depth) else { return nil }
        if let sign = rest.first, [0x2A, 0x2B, 0x3F].contains(sign) {
          rest.removeFirst()
          if rest.first == 0x3F { rest.removeFirst() }
          node = .repeated(node, least: sign == 0x2B ? 1 : 0, most: sign == 0x3F ? 1 : nil)
        }
        nodes.append(node)
      }
      return .sequence(nodes)
    }

    private mutating func atom(_ depth: Int) -> Node? {
      switch rest.removeFirst() {
      case 0x2E: return .byte(Self.all)
      case 0x5E: return .lineStart
      case 0x24: return .lineEnd
      case 0x2A, 0x2B, 0x3F: return nil
      case 0x28:
        if rest.starts(with: "?:".utf8) { rest = rest.dropFirst(2) }
        guard let node = alternatives(depth + 1), rest.popFirst() == 0x29 else { return nil }
        return node
      case 0x5B: return set()
      case 0x5C:
        guard let byte = rest.popFirst() else { return nil }
        if byte == 0x62 { return .wordEdge }
        return .byte(Self.escaped(byte))
      case let byte: return .byte([byte])
      }
    }

    private mutating func set() -> Node? {
      let negated = rest.first == 0x5E
      if negated { rest.removeFirst() }
      var result: Set<UInt8> = []
      var isFirst = true
      while let byte = rest.popFirst() {
        if byte == 0x5D && !isFirst {
          return .byte(negated ? Self.all.subtracting(result) : result)
        }
        isFirst = false
        if byte == 0x5C, let next = rest.popFirst() {
          result.formUnion(Self.escaped(next))
        } else if rest.first == 0x2D, let end = rest.dropFirst().first, end != 0x5D, end >= byte {
          result.formUnion(byte...end)
          rest = rest.dropFirst(2)
        } else {
          result.insert(byte)
        }
      }
      return nil
    }

    private static func escaped(_ byte: UInt8) -> Set<UInt8> {
      switch byte {
      case 0x64: digits
      case 0x44: all.subtracting(digits)
      case 0x77: word
      case 0x57: all.subtracting(word)
      case 0x73: space
      case 0x53: all.subtracting(space)
      case 0x74: [0x09]
      default: [byte]
      }
    }
  }
}
