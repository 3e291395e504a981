package import Agent
import Foundation
package import LanguageModel

/// What is read of a trajectory's actions: by the student, and by the teacher with the hindsight in its place. Where an
/// agent began anew, that is each of ``Trajectory/tokenContexts`` by itself.
package struct ContextBuilder: Sendable {
  package let dialect: any Dialect
  package let tools: [ToolName]
  package let tokenizer: Tokenizer
  package let chatFormat: ChatFormat
  /// The longest context that the model takes.
  package let contextLength: Int

  package init(
    dialect: any Dialect, tools: [ToolName], tokenizer: Tokenizer, chatFormat: ChatFormat,
    contextLength: Int
  ) {
    self.dialect = dialect
    self.tools = tools
    self.tokenizer = tokenizer
    self.chatFormat = chatFormat
    self.contextLength = contextLength
  }

  package init(_ policy: LocalPolicy, dialect: any Dialect, tools: [ToolName]) {
    self.init(
      dialect: dialect, tools: tools, tokenizer: policy.tokenizer, chatFormat: policy.chatFormat,
      contextLength: policy.engine.config.contextLength)
  }

  /// What the teacher reads of one context of the agent's.
  package struct Teacher: Equatable {
    /// Together they hold every action token once, in order.
    package var contexts: [ScoredContext]
    /// Of each action token, whether its context tells anything that the student's doesn't.
    package var isTold: [Bool]
  }

  /// Tokens up to the last action token, and where the actions are.
  package func student(_ trajectory: Trajectory) -> ScoredContext { sequence(trajectory) }

  /// The same actions in hindsight; nil where no context that tells something fits the model.
  ///
  /// - Throws: ``TrainingError`` if the task's folder isn't what the episode began with.
  package func teacher(
    _ trajectory: Trajectory, of task: RepairTask, hindsight: Hindsight
  ) throws -> Teacher? {
    switch hindsight {
    case .opening(let text):
      guard let first = trajectory.turns.first else { return nil }
      let context = sequence(trajectory, opening: try opening(task, first, text))
      guard context.tokens.count <= contextLength else { return nil }
      return Teacher(contexts: [context], isTold: context.actions.map { _ in true })
    case .turns(let hints):
      let teacher = branches(trajectory, hints)
      return teacher.isTold.contains(true) ? teacher : nil
    }
  }

  private func sequence(_ trajectory: Trajectory, opening: [TokenID]? = nil) -> ScoredContext {
    var context = ScoredContext(tokens: [], actions: [])
    for (index, turn) in trajectory.turns.enumerated() where !turn.actionTokens.isEmpty {
      context.tokens += index == 0 ? opening ?? turn.contextTokens : turn.contextTokens
      context.append(actions: turn.actionTokens)
    }
    return context
  }

  /// A context a turn: what the student had read by then, with the turn's hint at the end of the
  /// last message before its action.
  ///
  /// - hints: by the turns' numbers.
  private func branches(_ trajectory: Trajectory, _ hints: [String?]) -> Teacher {
    var teacher = Teacher(contexts: [], isTold: [])
    var history: [TokenID] = []
    for turn in trajectory.turns where !turn.actionTokens.isEmpty {
      history += turn.contextTokens
      var told = hints[turn.number - 1].map { insert($0, into: history) }
      if let tokens = told, tokens.count + turn.actionTokens.count > contextLength { told = nil }
      var context = ScoredContext(tokens: told ?? history, actions: [])
      context.append(actions: turn.actionTokens)
      teacher.contexts.append(context)
      teacher.isTold += turn.actionTokens.map { _ in told != nil }
      history += turn.actionTokens
    }
    return teacher
  }

  /// The hint goes before the token that closes the last message: nothing is tokenised again.
  private func insert(_ hint: String, into history: [TokenID]) -> [TokenID] {
    let end = history.lastIndex(of: chatFormat.endOfTurn) ?? history.endIndex
    return history[..<end] + tokenizer.encode("\n\n" + hint) + history[end...]
  }

  /// The teacher's first messages: the student's with the hindsight block in its place.
  private func opening(_ task: RepairTask, _ first: Turn, _ hindsight: String) throws -> [TokenID] {
    let files = WorkTreeListing.shown(in: task.environmentDirectory.path(percentEncoded: false))
    func encode(_ hindsight: String?) -> [TokenID] {
      chatFormat.encode(
        dialect.openingMessages(
          instruction: task.instruction, files: files, testCommand: task.testCommand,
          hindsight: hindsight, tools: tools),
        addGenerationPrompt: true, tokenizer: tokenizer)
    }
    // The teacher must differ by the hint alone.
    guard encode(nil) == first.contextTokens else {
      throw TrainingError(
        "\(task.directory.path(percentEncoded: false)): the task's folder changed while its"
          + " episodes ran, so a hindsight context can't be built for them")
    }
    return encode(hindsight)
  }
}

extension ContextBuilder {
  /// The actions of a saved episode behind its own first messages with a hint in the user's, before the
  /// closing line.
  package func teacher(_ trajectory: Trajectory, told hint: String) throws -> ScoredContext {
    func encode(_ messages: [ChatMessage]) -> [TokenID] {
      chatFormat.encode(messages, addGenerationPrompt: true, tokenizer: tokenizer)
    }
    var messages = trajectory.opening
    guard let first = trajectory.turns.first, encode(messages) == first.contextTokens,
      let user = messages.firstIndex(where: { $0.role == .user })
    else {
      throw TrainingError("its first messages have other tokens with this model: it was another's")
    }
    messages[user].content = OpeningPrompt.telling(hint, in: messages[user].content)
    let context = sequence(trajectory, opening: encode(messages))
    guard context.tokens.count <= contextLength else {
      throw TrainingError(
        "with the hint it has more tokens than the model takes (\(contextLength))")
    }
    return context
  }
}

extension Trajectory {
  /// The ``contexts`` in which the policy wrote tokens.
  package var tokenContexts: [Trajectory] { contexts.filter { $0.actionTokenCount > 0 } }
}

extension ScoredContext {
  fileprivate mutating func append(actions tokens: [TokenID]) {
    actions += self.tokens.count..<self.tokens.count + tokens.count
    self.tokens += tokens
  }
}

extension GroupMember {
  /// What hindsight contexts have to know of a graded trajectory.
  ///
  /// - index: within its group.
  init(_ trajectory: Trajectory, index: Int, solved: Bool, feedback: String) {
    self.init(
      taskID: trajectory.taskID, trajectoryIndex: index, solved: solved,
      diff: String(decoding: trajectory.finalDiff, as: UTF8.self),
      actions: trajectory.turns.map(\.text).joined(separator: "\n\n"),
      turns: trajectory.turns.map {
        GroupMember.Turn(
          action: $0.text, result: $0.observation, beginsContext: $0.beginsContext)
      },
      feedback: feedback)
  }
}
