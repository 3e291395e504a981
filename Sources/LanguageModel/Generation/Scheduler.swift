import Foundation

/// Decides what each pass over the network computes, and runs it. Only the engine's thread uses it.
///
/// A step takes the next token of every sequence that samples and, in the same pass, a piece of the
/// contexts that aren't computed yet: so much that nobody who samples waits long. Contexts are
/// computed in the order they came, each beginning once: who comes with one that is under way waits
/// and then shares its pages.
///
/// Memory is counted in pages: a request enters when there is room for all that it may come to, if
/// need be after pages have left the tree; otherwise it waits. A request alone always enters.
final class Scheduler: @unchecked Sendable {
  private(set) var statistics = GenerationStatistics()
  private let transformer: Transformer
  private let pageBudget: Int
  private var tree = PrefixTree<KVPage>(pageTokens: KVPage.tokenCount)
  private var waiting: [RunningSequence] = []
  private var active: [RunningSequence] = []
  private let logits = ScratchBuffer()

  /// Context rows of a pass, alone and beside rows that sample, and of one sequence.
  private static let (prefillRows, mixedRows, sequenceRows) = (512, 128, 512)
  /// Tokens that must be in it before waiting for another's context is worth it.
  private static let worthSharing = 16

  init(_ transformer: Transformer, cacheBytes: Int) {
    self.transformer = transformer
    pageBudget = max(1, cacheBytes / transformer.makeCache().pageByteCount)
  }

  var isIdle: Bool { waiting.isEmpty && active.isEmpty }

  func add(_ sequences: [RunningSequence]) { waiting += sequences }

  func forgetAll() { tree.removeAll() }

  func retire(_ tokens: [TokenID], _ adapter: LoRAParameters?) {
    tree.retire(tokens[...], owner: adapter)
  }

  /// One pass for each adapter. Returns who is done.
  func step() -> [(RunningSequence, GenerationResult.Finish)] {
    var finished: [(RunningSequence, GenerationResult.Finish)] = []
    leave(&finished)
    admit()
    for parts in plan() { run(parts) }
    leave(&finished)
    return finished
  }

  private func leave(_ finished: inout [(RunningSequence, GenerationResult.Finish)]) {
    func isDone(_ sequence: RunningSequence) -> Bool {
      guard let finish = sequence.finish(contextLength: transformer.config.contextLength) else {
        return false
      }
      share(sequence)
      sequence.release()
      finished.append((sequence, finish))
      return true
    }
    active.removeAll(where: isDone)
    waiting.removeAll(where: isDone)
  }

  /// What a sequence has computed becomes everybody's.
  private func share(_ sequence: RunningSequence) {
    guard let cache = sequence.cache else { return }
    let shared = tree.insert(
      sequence.tokens[..<cache.count], pages: cache.pages, owner: sequence.adapter)
    // A page that isn't full will be copied before the sequence goes on in it.
    sequence.ownPages = pages(limit(sequence)) - min(shared, cache.count / KVPage.tokenCount)
  }
}

// MARK: - Who takes part

extension Scheduler {
  private func admit() {
    var left: [RunningSequence] = []
    var isFull = false
    for sequence in waiting {
      if isFull || sequence.isAwaiting || !enter(sequence, isFull: &isFull) {
        left.append(sequence)
      }
    }
    waiting = left
  }

  private func enter(_ sequence: RunningSequence, isFull: inout Bool) -> Bool {
    let match = tree.match(
      sequence.prefix, owner: sequence.adapter, splitsPages: !transformer.piecesMatter)
    if let (leader, tokens) = leader(of: sequence, beyond: match.count) {
      sequence.wait(for: tokens, of: leader)
      return false
    }
    let needed = pages(limit(sequence)) - match.count / KVPage.tokenCount
    guard makeRoom(needed) || active.isEmpty else {
      // Nobody overtakes, or a long request would wait for ever.
      isFull = true
      return false
    }
    let cache = transformer.makeCache()
    cache.adopt(match.pages, count: match.count)
    sequence.begin(with: cache)
    sequence.ownPages = needed
    statistics.reusedTokens += match.count
    active.append(sequence)
    return true
  }

  /// Who computes most of what this context begins with, and isn't done with it.
  private func leader(of sequence: RunningSequence, beyond known: Int) -> (
    RunningSequence, tokens: Int
  )? {
    var best: (RunningSequence, tokens: Int)?
    for other in active where other.contextLeft > 0 && other.adapter === sequence.adapter {
      let prefix = sequence.prefix
      var common = zip(prefix, other.prefix).prefix { $0 == $1 }.count
      if transformer.piecesMatter, common < prefix.count {
        common -= common % KVPage.tokenCount
      }
      let isComputed = other.cache.map { $0.count >= common } ?? true
      if !isComputed, common >= known + Self.worthSharing, common > best?.tokens ?? 0 {
        best = (other, common)
      }
    }
    return best
  }

  private func makeRoom(_ count: Int) -> Bool {
    let own = active.reduce(0) { $0 + $1.ownPages }
    let missing = own + tree.pageCount + count - pageBudget
    return missing <= 0 || tree.evict(missing) == missing
  }

  private func limit(_ sequence: RunningSequence) -> Int {
    sequence.tokenLimit(contextLength: transformer.config.contextLength)
  }

  private func pages(_ tokens: Int) -> Int {
    (tokens + KVPage.tokenCount - 1) / KVPage.tokenCount
  }
}

// MARK: - Passes

extension Scheduler {
  /// Rows of a sequence in a pass.
  private struct Part {
    let sequence: RunningSequence
    let cache: KVCache
    let rows: Int
    /// Whether the last row's token is followed by a new one.
    let draws: Bool
    let isContext: Bool
  }

  /// This step's parts, those of one adapter together, for a pass has one.
  private func plan() -> [[Part]] {
    var parts: [Part] = []
    for sequence in active where sequence.contextLeft == 0 {
      guard let cache = sequence.cache else { continue }
      parts.append(
        Part(sequence: sequence, cache: cache, rows: 1, draws: true, isContext: false))
    }
    var room = parts.isEmpty ? Self.prefillRows : Self.mixedRows
    for sequence in active where sequence.contextLeft > 0 {
      guard let cache = sequence.cache else { continue }
      let rows = contextRows(sequence, cache, room: min(room, Self.sequenceRows))
      if rows == 0 { break }
      parts.append(
        Part(
          sequence: sequence, cache: cache, rows: rows, draws: rows == sequence.contextLeft,
          isContext: true))
      room -= rows
    }
    var groups: [[Part]] = []
    for part in parts {
      if let index = groups.firstIndex(where: { $0[0].sequence.adapter === part.sequence.adapter })
      {
        groups[index].append(part)
      } else {
        groups.append([part])
      }
    }
    return groups
  }

  /// How much of a context goes into a pass with `room` for so many rows: up to a page's end, so
  /// that where it is cut never depends on the others.
  private func contextRows(_ sequence: RunningSequence, _ cache: KVCache, room: Int) -> Int {
    var left = sequence.contextLeft
    // Who finds all of the context computed runs its last token alone; so must who computes it.
    if transformer.piecesMatter, left > 1 { left -= 1 }
    if left <= room { return left }
    let end = (cache.count + room) / KVPage.tokenCount * KVPage.tokenCount
    var rows = max(0, end - cache.count)
    // A row alone is computed in another way than in a piece: none goes first, or is left over.
    if transformer.piecesMatter {
      if rows == 1 { rows += KVPage.tokenCount }
      if left <= rows + 1 { rows = left }
    }
    return rows
  }

  private func run(_ parts: [Part]) {
    let start = ContinuousClock.now
    let inputs = parts.map { part in
      let first = part.cache.count
      return Transformer.Input(
        tokens: part.sequence.tokens[first..<first + part.rows], cache: part.cache,
        wanted: part.draws ? [part.rows - 1] : [])
    }
    let hidden = transformer.extend(inputs, adapter: parts[0].sequence.adapter)
    draw(parts.filter(\.draws).map(\.sequence), hidden)
    for part in parts where part.isContext { share(part.sequence) }
    count(parts, seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  /// - hidden: [sequences, C].
  private func draw(_ sequences: [RunningSequence], _ hidden: HiddenStates) {
    guard !sequences.isEmpty else { return }
    let vocabulary = transformer.config.vocabularySize
    let base = logits.pointer(count: sequences.count * vocabulary)
    transformer.logits(
      hidden.matrix, into: Matrix(base, rows: sequences.count, columns: vocabulary))
    parallelItems(sequences.count) { index in
      sequences[index].draw(
        UnsafeMutableBufferPointer(start: base + index * vocabulary, count: vocabulary))
    }
  }

  private func count(_ parts: [Part], seconds: Double) {
    let rows = parts.reduce(0) { $0 + $1.rows }
    let context = parts.reduce(0) { $0 + ($1.isContext ? $1.rows : 0) }
    statistics.computedTokens += context
    statistics.sampledTokens += parts.count(where: \.draws)
    statistics.prefillSeconds += seconds * Double(context) / Double(rows)
    statistics.decodeSeconds += seconds * Double(rows - context) / Double(rows)
  }
}

extension Transformer {
  /// Whether a row's last bits depend on the piece of the sequence that it is computed in: fp32
  /// attention runs through BLAS, in blocks of a piece's rows. Our own kernels don't care.
  var piecesMatter: Bool { precision == .fp32 }
}
