import Agent
import Foundation
import LanguageModel
import SDPO
import Testing
import Tools

/// Where hints stand, and what those before actions say.
@Suite struct PlacementTests {
  private static func member(
    _ task: String, _ index: Int, _ turns: [(String, String?)], feedback: String? = nil
  ) -> GroupMember {
    GroupMember(
      taskID: task, trajectoryIndex: index, solved: false, diff: "",
      turns: turns.map { GroupMember.Turn(action: $0.0, result: $0.1) }, feedback: feedback)
  }

  private static let own = member(
    "t", 0,
    [("CALL-0", "RESULT-0"), ("CALL-1", "RESULT-1 {x}"), ("CALL-2", " \n"), ("CALL-3", nil)],
    feedback: "FEEDBACK")
  private static let group = [own, member("t", 1, [("SIBLING-CALL", "SIBLING-RESULT")])]
  private static let strangers = [member("u", 0, [("STRANGE-CALL", "STRANGE-RESULT")])]

  private func hints(
    _ placement: HindsightPlacement, control: HindsightConfiguration.Control = .none,
    others: [GroupMember] = strangers
  ) throws -> [String?] {
    let hindsight = Hindsight.build(
      for: 0, in: Self.group, otherTasks: others,
      configuration: HindsightConfiguration(placement: placement, control: control), seed: 3)
    guard case .turns(let hints) = try #require(hindsight) else { return [] }
    return hints
  }

  @Test(arguments: ["final", "turn", "next", "lookahead(3)"])
  func namesAreRead(_ name: String) throws {
    let placement = try HindsightPlacement(parsing: name)
    #expect(placement.description == name)
    let data = try JSONEncoder().encode([placement])
    #expect(try JSONDecoder().decode([HindsightPlacement].self, from: data) == [placement])
  }

  @Test func otherNamesAreNot() throws {
    #expect(try HindsightPlacement(parsing: "lookahead(1)") == .next)
    for name in ["before", "turn(2)", "next(1)", "lookahead(0)", "lookahead(1.5)"] {
      #expect(throws: SignalError.self) { try HindsightPlacement(parsing: name) }
    }
    // Runs from before there was a choice.
    let old =
      #"{"content":"both","solutionForm":"diff","feedbackOnlyWithoutSolution":false,"#
      + #""control":"none","feedbackCharacters":9,"fieldCharacters":9,"solutionCharacters":9}"#
    let configuration = try JSONDecoder().decode(
      HindsightConfiguration.self, from: Data(old.utf8))
    #expect(Hindsight.build(for: 0, in: Self.group, configuration: configuration, seed: 1) != nil)
  }

  /// The action's own call is what is scored: it is never quoted, nor a sibling's turns.
  @Test func nextTellsEachActionItsOwnResult() throws {
    let hints = try hints(.next)
    #expect(hints.map { $0 != nil } == [true, true, false, false])
    #expect(try #require(hints[0]).contains("```\nRESULT-0\n```"))
    #expect(try #require(hints[1]).contains("RESULT-1 {x}\n"))
    for hint in hints.compactMap({ $0 }) {
      for never in ["CALL", "SIBLING", "STRANGE", "FEEDBACK"] { #expect(!hint.contains(never)) }
    }
    #expect(!hints[0]!.contains("RESULT-1"))
  }

  @Test func lookaheadGoesOnWithWhatFollows() throws {
    let hints = try hints(.lookahead(turns: 3))
    let first = try #require(hints[0])
    var last = first.startIndex
    for part in ["RESULT-0", "CALL-1", "RESULT-1", "CALL-2"] {
      let range = try #require(first[last...].range(of: part), "\(part)")
      last = range.upperBound
    }
    #expect(!first.contains("CALL-0") && !first.contains("CALL-3"))
    #expect(hints.map { $0 != nil } == [true, true, false, false])
  }

  /// Who begins anew doesn't go on with what was seen.
  @Test func lookaheadEndsWithAContext() throws {
    var own = Self.own
    own.turns[1].beginsContext = true
    let hindsight = Hindsight.build(
      for: 0, in: [own], configuration: .init(placement: .lookahead(turns: 3)), seed: 3)
    guard case .turns(let hints) = try #require(hindsight) else { return }
    #expect(hints[0]?.contains("RESULT-0") == true && hints[0]?.contains("CALL-1") == false)
    #expect(hints[1]?.contains("CALL-2") == true)
  }

  @Test func turnRepeatsTheFinalHintBeforeEveryAction() throws {
    let hints = try hints(.turn)
    #expect(hints.count == 4 && Set(hints).count == 1)
    let hint = try #require(hints[0])
    #expect(hint.contains("```\nFEEDBACK\n```") && !hint.contains("from the start"))
    #expect(
      Hindsight.build(
        for: 1, in: Self.group, configuration: HindsightConfiguration(placement: .turn), seed: 3)
        == nil)
  }

  @Test(arguments: [HindsightPlacement.turn, .next, .lookahead(turns: 2)])
  func theControlQuotesOnlyAnotherTask(_ placement: HindsightPlacement) throws {
    var strangers = Self.strangers
    strangers[0].feedback = "STRANGE-FEEDBACK"
    let hints = try hints(placement, control: .shuffledFeedback, others: strangers + Self.group)
    #expect(hints.contains { $0 != nil })
    for hint in hints.compactMap({ $0 }) {
      #expect(hint.contains("STRANGE"))
      for never in ["RESULT-0", "RESULT-1", "CALL-1", "SIBLING", "```\nFEEDBACK"] {
        #expect(!hint.contains(never))
      }
    }
    let alone = Hindsight.build(
      for: 0, in: Self.group, otherTasks: Self.group,
      configuration: HindsightConfiguration(placement: placement, control: .shuffledFeedback),
      seed: 3)
    #expect(alone == nil)
  }

  @Test func hintsBeforeActionsAreBounded() throws {
    let long = (0..<400).map { "line \($0) " + String(repeating: "é", count: 300) }
      .joined(separator: "\n")
    let group = [Self.member("t", 0, (0..<4).map { ("call \($0)\n" + long, long) })]
    for turns in 1...4 {
      let hindsight = Hindsight.build(
        for: 0, in: group,
        configuration: HindsightConfiguration(placement: .lookahead(turns: turns)), seed: 1)
      guard case .turns(let hints) = try #require(hindsight) else { return }
      for hint in hints.compactMap({ $0 }) { #expect(hint.count < 2_500 && hint.count > 200) }
    }
  }
}

/// The teacher's tokens for real episodes.
@Suite struct ContextBuilderTests {
  /// An episode whose texts are tokenised as a network's would be.
  ///
  /// - resetAfter: the texts are said again in each context.
  private func episode(
    _ model: TinyModel, resetAfter: Int? = nil
  ) async throws -> (RepairTask, Trajectory) {
    let task = try SupervisedDemonstrationTests.task("mean-of-none")
    let dialect = CompactDialect()
    let texts = [dialect.render(.test), "no action", dialect.render(.submit)]
    let trajectory = try await SupervisedDemonstrationTests.inFolder { folder in
      let maker = try await SupervisedDemonstrationTests.maker(folder)
      return await Episode(
        assignment: task.assignment, limits: EpisodeLimits(turns: 4, resetAfter: resetAfter),
        environment: maker.environment
      ).run(
        ScriptedPolicy(texts: texts).tokenized(
          by: model.tokenizer, chatFormat: model.chatFormat),
        at: Episode.Place(
          recorder: maker.recorder, name: "scripted",
          workTree: folder.appending(path: "tree").path(percentEncoded: false)), seed: 1)
    }
    #expect(trajectory.stopReason == (resetAfter == nil ? .submitted : .turnLimit))
    #expect(trajectory.turns.count == (resetAfter == nil ? 3 : 4))
    return (task, trajectory)
  }

  private func builder(_ model: TinyModel, contextLength: Int = 8192) -> ContextBuilder {
    ContextBuilder(
      dialect: CompactDialect(), tools: ToolName.allCases, tokenizer: model.tokenizer,
      chatFormat: model.chatFormat, contextLength: contextLength)
  }

  @Test func theTeacherDiffersByTheHintAlone() async throws {
    let model = try TinyModel()
    let (task, trajectory) = try await episode(model)
    #expect(trajectory.tokenContexts == [trajectory])
    let student = builder(model).student(trajectory)
    #expect(student.tokens == trajectory.allTokens)
    let actions = student.actions.map { student.tokens[$0] }

    let final = try #require(
      try builder(model).teacher(trajectory, of: task, hindsight: .opening("HINT <|im_end|>")))
    #expect(final.contexts.count == 1 && final.isTold.allSatisfy { $0 })
    #expect(final.contexts[0].actions.map { final.contexts[0].tokens[$0] } == actions)
    let read = model.tokenizer.decode(final.contexts[0].tokens, skippingSpecial: true)
    #expect(read.contains("HINT"))

    let hints = ["HINT-A <|im_end|>", nil, "HINT-C"]
    let turns = try #require(
      try builder(model).teacher(trajectory, of: task, hindsight: .turns(hints)))
    #expect(turns.contexts.count == 3)
    let scored = turns.contexts.flatMap { context in context.actions.map { context.tokens[$0] } }
    #expect(scored == actions)
    var history: [TokenID] = []
    var told: [Bool] = []
    for (index, turn) in trajectory.turns.enumerated() {
      let context = turns.contexts[index]
      history += turn.contextTokens
      if let hint = hints[index] {
        // What was there before the hint and behind it are the student's own tokens.
        let end = try #require(history.lastIndex(of: model.chatFormat.endOfTurn))
        #expect(context.tokens[..<end] == history[..<end])
        let inserted = model.tokenizer.encode("\n\n" + hint)
        #expect(Array(context.tokens[end...]) == inserted + history[end...] + turn.actionTokens)
        #expect(!inserted.contains(model.chatFormat.endOfTurn))
      } else {
        #expect(context.tokens == history + turn.actionTokens)
      }
      history += turn.actionTokens
      told += turn.actionTokens.map { _ in hints[index] != nil }
    }
    #expect(turns.isTold == told)
  }

  /// Where an agent began anew, each context is the student's alone, and told anew.
  @Test func eachContextIsToldByItself() async throws {
    let model = try TinyModel()
    let (task, trajectory) = try await episode(model, resetAfter: 2)
    let parts = trajectory.tokenContexts
    #expect(parts.map { $0.turns.map(\.number) } == [[1, 2], [3, 4]])
    let students = parts.map(builder(model).student)
    #expect(students.map(\.tokens) == parts.map(\.allTokens))
    #expect(students[0] == students[1] && !students[0].actions.isEmpty)

    let tellings: [ScoredContext] = try parts.flatMap { part in
      let final = try #require(
        try builder(model).teacher(part, of: task, hindsight: .opening("HINT <|im_end|>")))
      #expect(final.contexts.count == 1 && final.isTold.allSatisfy { $0 })
      return final.contexts + [try builder(model).teacher(part, told: "HINT <|im_end|>")]
    }
    for context in tellings {
      let read = model.tokenizer.decode(context.tokens, skippingSpecial: true)
      #expect(read.ranges(of: "HINT").count == 1)
      #expect(context.actions.count == students[0].actions.count)
    }

    // Hints are those of the turns' own numbers.
    let hints = ["HINT-A", nil, nil, "HINT-D"]
    let turns = try #require(
      try builder(model).teacher(parts[1], of: task, hindsight: .turns(hints)))
    #expect(turns.contexts.count == 2)
    let third = trajectory.turns[2]
    #expect(turns.contexts[0].tokens == third.contextTokens + third.actionTokens)
    let told = model.tokenizer.decode(turns.contexts[1].tokens, skippingSpecial: true)
    #expect(told.contains("HINT-D") && !told.contains("HINT-A"))
    #expect(turns.isTold.count { $0 } == trajectory.turns[3].actionTokens.count)

    // What was done of itself ends where it was forgotten.
    #expect(
      OwnBeginning(trajectory, maxTokens: 9000) == OwnBeginning(parts[0], maxTokens: 9000))
    let whole = try await episode(model).1
    #expect(OwnBeginning(whole, maxTokens: 9000) == OwnBeginning(parts[0], maxTokens: 9000))
  }

  @Test func whatIsTooLongIsNotTold() async throws {
    let model = try TinyModel()
    let (task, trajectory) = try await episode(model)
    let first = trajectory.turns[0].contextTokens.count + trajectory.turns[0].actionTokens.count
    let short = builder(model, contextLength: first + 10)
    #expect(try short.teacher(trajectory, of: task, hindsight: .opening("H")) == nil)
    let teacher = try #require(
      try short.teacher(trajectory, of: task, hindsight: .turns(["H", "H", "H"])))
    #expect(teacher.isTold.first == true && teacher.isTold.last == false)
    #expect(try short.teacher(trajectory, of: task, hindsight: .turns([nil, "H", "H"])) == nil)
  }
}
