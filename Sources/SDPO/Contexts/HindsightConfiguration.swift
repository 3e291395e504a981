import Agent
import Foundation

/// What a hindsight context says, and how much of it.
public struct HindsightConfiguration: Sendable, Codable, Equatable {
  public enum Content: String, Sendable, Codable, CaseIterable {
    /// The grader's final feedback.
    case feedback
    /// What a successful sibling did.
    case solution
    case both
  }

  /// How a successful sibling is quoted.
  public enum SolutionForm: String, Sendable, Codable, CaseIterable {
    case diff
    case actions
  }

  /// Controls that a claim about hindsight has to be compared with.
  public enum Control: String, Sendable, Codable, CaseIterable {
    case none
    /// Everything quoted is about another task: same amount of text, no information.
    case shuffledFeedback = "shuffled-feedback"
  }

  public var content: Content
  /// Nil, in runs from before there was a choice, is the final one.
  public var placement: HindsightPlacement?
  /// Nil, in runs from before there was a choice, is the full one.
  public var feedbackForm: FeedbackForm?
  public var solutionForm: SolutionForm
  /// With `both`: quote the feedback only where no sibling succeeded.
  public var feedbackOnlyWithoutSolution: Bool
  public var control: Control
  /// Characters of feedback in all, and of one line of it.
  public var feedbackCharacters: Int
  public var fieldCharacters: Int
  /// Characters of a quoted solution.
  public var solutionCharacters: Int

  public init(
    content: Content = .both, placement: HindsightPlacement = .final,
    feedbackForm: FeedbackForm = .full, solutionForm: SolutionForm = .diff,
    feedbackOnlyWithoutSolution: Bool = false, control: Control = .none,
    feedbackCharacters: Int = 2_000, fieldCharacters: Int = 250, solutionCharacters: Int = 4_000
  ) {
    self.content = content
    self.placement = placement
    self.feedbackForm = feedbackForm
    self.solutionForm = solutionForm
    self.feedbackOnlyWithoutSolution = feedbackOnlyWithoutSolution
    self.control = control
    self.feedbackCharacters = feedbackCharacters
    self.fieldCharacters = fieldCharacters
    self.solutionCharacters = solutionCharacters
  }

  /// A grade's feedback in this form.
  func feedback(_ grade: Grade) -> String {
    grade.feedback(feedbackForm ?? .full, limit: feedbackCharacters)
  }

  var quotesFeedback: Bool { content != .solution }
  var quotesSolution: Bool { content != .feedback }
}

/// What a hindsight context has to know of one trajectory.
public struct GroupMember: Sendable, Equatable {
  public var taskID: String
  /// Index within the task's group.
  public var trajectoryIndex: Int
  public var solved: Bool
  /// The final diff; empty if nothing was changed.
  public var diff: String
  /// The actions as text, first to last; empty if they are not to be quoted.
  public var actions: String
  /// Turn by turn, for hints that stand before actions.
  public var turns: [Turn]
  /// The grader's final feedback; nil or blank if it has nothing to say.
  public var feedback: String?

  public struct Turn: Sendable, Equatable {
    public var action: String
    /// What the agent was told then; nil if the episode ended.
    public var result: String?
    /// As of ``Agent/Turn``.
    public var beginsContext: Bool

    public init(action: String, result: String?, beginsContext: Bool = false) {
      self.action = action
      self.result = result
      self.beginsContext = beginsContext
    }
  }

  public init(
    taskID: String, trajectoryIndex: Int, solved: Bool, diff: String, actions: String = "",
    turns: [Turn] = [], feedback: String? = nil
  ) {
    self.taskID = taskID
    self.trajectoryIndex = trajectoryIndex
    self.solved = solved
    self.diff = diff
    self.actions = actions
    self.turns = turns
    self.feedback = feedback
  }
}
