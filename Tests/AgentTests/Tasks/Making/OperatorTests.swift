import Agent
import Foundation
import Testing

/// One slip each: what stands there, and what one proposal makes of it.
struct OperatorTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var sound: String
    var mutated: String
    var testDescription: String { "\(name): \(mutated)" }

    init(_ name: String, _ sound: String, _ mutated: String) {
      self.name = name
      self.sound = sound
      self.mutated = mutated
    }
  }

  static let python: [Case] = [
    Case("comparison", "return a  ==  b  # same", "return a  !=  b  # same"),
    Case("comparison", "return a not   in b", "return a in b"),
    Case("comparison", "return a is not None", "return a is None"),
    Case("comparison-boundary", "return a <b", "return a <=b"),
    Case("broken-chain", "return 0 < a < b", "return 0 < a"),
    Case("operator", "return a+ b", "return a- b"),
    Case("operator", "a //= b  # floor\nreturn a", "a /= b  # floor\nreturn a"),
    Case("swapped-operands", "return a - (b + 1)", "return (b + 1) - (a)"),
    Case("constant", "return a + 10", "return a + 11"),
    Case("constant", "return a + 10", "return a + 9"),
    Case("boolean", "return a and  b", "return a or  b"),
    Case("boolean", "return f(True)", "return f(False)"),
    Case("removed-condition", "return a and b", "return a"),
    Case("negated-condition", "if a:\n    return b", "if not a:\n    return b"),
    Case("negated-condition", "return [x for x in a if x]", "return [x for x in a if not x]"),
    Case("dropped-not", "return not a", "return a"),
    Case("swapped-arguments", "return f(a,   b)", "return f(b,   a)"),
    Case("removed-call", "return sorted(a)", "return a"),
    Case("removed-call", "return a.strip().lower()", "return a.strip()"),
    Case("slice", "return a[1:]", "return a[2:]"),
    Case("slice", "return a[:-1]", "return a[:-2]"),
    Case("slice", "return a[b + 1]", "return a[b]"),
    Case("wrong-variable", "return a * b", "return b * b"),
    Case("exception-kind", "raise ValueError(a)", "raise TypeError(a)"),
    Case("removed-branch", "if a:\n    return 1\nreturn b", "return b"),
    Case(
      "removed-branch", "if a:\n    b = 1\nelse:\n    b = 2\nreturn b",
      "if a:\n    b = 1\nreturn b"),
    Case(
      "inverted-if", "if a:\n    b = 1  # one\nelse:\n    b = 2\nreturn b",
      "if a:\n    b = 2\nelse:\n    b = 1  # one\nreturn b"),
    Case("inverted-if", "return 1 if a else b", "return b if a else 1"),
    Case("removed-assignment", "a = a + 1\nreturn a", "return a"),
    Case("removed-loop", "for x in a:\n    b += x\nreturn b", "return b"),
    Case(
      "early-return", "for x in a:\n    b += x\n\nreturn b",
      "for x in a:\n    b += x\n    return b"),
    Case(
      "late-return", "for x in a:\n    b += x\n    return b",
      "for x in a:\n    b += x\nreturn b"),
    Case(
      "loop-control", "for x in a:\n    break\nreturn b",
      "for x in a:\n    continue\nreturn b"),
    Case("swapped-lines", "a = 1\nb = a\nreturn b", "b = a\na = 1\nreturn b"),
    Case("removed-statement", "a.append(1)\nreturn a", "return a"),
    Case(
      "removed-wrapper", "try:\n    return a[b]\nexcept KeyError:\n    return None",
      "return a[b]"),
  ]

  static let shell: [Case] = [
    Case("comparison-boundary", "  [ \"$a\" -gt 1 ] # -gt", "  [ \"$a\" -ge 1 ] # -gt"),
    Case("boolean", "  [ -f x ] || exit", "  [ -f x ] && exit"),
    Case("constant", "  exit 1", "  exit 2"),
  ]

  static let c: [Case] = [
    Case("comparison-boundary", "  if (a < b) return 0;", "  if (a <= b) return 0;"),
    Case("operator", "  a = b + c; /* b + c */", "  a = b - c; /* b + c */"),
    Case("dropped-not", "  if (!a) return 0;", "  if (a) return 0;"),
    Case("removed-statement", "  a = 1;\n  b = 2;", "  b = 2;"),
  ]

  @Test(arguments: python) func aPythonNodeChangesAndNothingElse(each: Case) async throws {
    let head = "# before\nimport os\n\n\ndef f(a, b):  # head\n    \"\"\"Words < words.\"\"\"\n"
    let tail = "\n\n# after\nX = [ 1,2 ]\n"
    try await expect(each, named: "code.py", .python, head: head, tail: tail, indent: "    ")
  }

  @Test(arguments: shell) func aPlaceInAShellScript(each: Case) async throws {
    try await expect(
      each, named: "run.sh", .shell, head: "# one\nf() {\n", tail: "\n}\n", indent: "")
  }

  @Test(arguments: c) func aPlaceInAC(each: Case) async throws {
    try await expect(
      each, named: "code.c", .c, head: "// 1 < 2\nint f(int a) {\n", tail: "\n}\n", indent: "")
  }

  @Test func defaultsAndBases() async throws {
    let text = "class A(Base):\n    def f(self, n=2, flag=False):\n        return n\n"
    let found = try await Self.proposals(
      for: text, in: "code.py", .python, ["default-value", "removed-base"])
    let texts = Set(found.map(\.mutated))
    #expect(texts.contains(text.replacing("n=2", with: "n=3")))
    #expect(texts.contains(text.replacing("flag=False", with: "flag=True")))
    #expect(texts.contains(text.replacing("(Base)", with: "")))
    #expect(found.first { $0.operator == "default-value" }?.function == "A.f")
  }

  @Test func aVariableThatIsNotInScopeIsNotTaken() async throws {
    let text = "def f(a):\n    g = lambda hidden: hidden\n    return a\n"
    let found = try await Self.proposals(for: text, in: "code.py", .python, ["wrong-variable"])
    #expect(found.contains { $0.mutated == text.replacing("return a", with: "return g") })
    #expect(found.allSatisfy { !$0.mutated.contains("return hidden") })
  }

  private func expect(
    _ each: Case, named file: String, _ language: RepairTask.Language, head: String, tail: String,
    indent: String
  ) async throws {
    let lines = { (text: String) in
      text.split(separator: "\n", omittingEmptySubsequences: false)
        .map { $0.isEmpty ? "" : indent + $0 }.joined(separator: "\n")
    }
    let sound = head + lines(each.sound) + tail
    let found = try await Self.proposals(for: sound, in: file, language, [each.name])
    let wanted = head + lines(each.mutated) + tail
    let proposal = try #require(
      found.first { $0.mutated == wanted }, "only \(found.map(\.mutated))")
    #expect(proposal.operator == each.name && proposal.sound == sound && proposal.function == "f")
    for other in found { #expect(other.mutated.hasPrefix(head.prefix(20))) }
  }

  private static func proposals(
    for text: String, in file: String, _ language: RepairTask.Language, _ operators: [String]
  ) async throws -> [BugProposal] {
    try await MakingFixtures.withFolder { folder in
      let root = folder.appending(path: "root")
      try MakingFixtures.write([file: text], to: root)
      return try await BugProposals(root: root, scratch: folder).list(
        name: "test", files: [file], language: language, operators: operators, seed: 1, limit: 100)
    }
  }
}
