internal import Foundation
public import Tools

/// What an episode is about: a tree, what to do with it, and how to test it. A task has one; so has
/// a repository that someone wants mended.
public struct Assignment: Sendable {
  /// The task's id.
  public var id: String
  public var instruction: String
  public var source: TreeSource
  /// Runs the visible tests in the workspace's root.
  public var testCommand: String?
  /// Paths that the result isn't taken from.
  public var protectedPaths: [PathPattern]
  /// Where commands see the tree, if not at ``Sandbox/workspacePath`` alone: Harbor's WORKDIR.
  public var workdir: String?

  public init(
    id: String, instruction: String, source: TreeSource, testCommand: String?,
    protectedPaths: [PathPattern] = [], workdir: String? = nil
  ) {
    self.id = id
    self.instruction = instruction
    self.source = source
    self.testCommand = testCommand
    self.protectedPaths = protectedPaths
    self.workdir = workdir
  }
}

extension RepairTask {
  /// The task as an agent gets it.
  public var assignment: Assignment {
    Assignment(
      id: id, instruction: instruction,
      source: .folder(environmentDirectory.path(percentEncoded: false)),
      testCommand: testCommand, protectedPaths: protectedPaths,
      workdir: otherPlace)
  }
}
