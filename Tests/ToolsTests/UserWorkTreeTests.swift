import Foundation
import Testing
import Tools

/// A patch in the work tree of a user's repository.
@Suite struct UserWorkTreeTests {
  private let folder: TemporaryFolder
  private let recorder: Recorder

  init() throws {
    folder = try TemporaryFolder()
    recorder = try Recorder(at: folder["recorder.git"])
    try run(
      #"""
      git init -q -b main repo && cd repo && git config user.email a@b && git config user.name c
      seq 3 > a; seq 3 > other; echo f > file; mkdir dir; echo f > dir/f; ln -s a link
      echo b > 'back\slash'; printf '#!/bin/sh\n' > run; chmod +x run; echo ignored > .gitignore
      git add . && git commit -qm first
      """#, in: folder.path)
  }

  /// An agent that makes these changes to the last commit.
  private func work(_ change: String) throws -> Workspace {
    let workspace = try Workspace.materialize(
      .repository(folder["repo"]), recorder: recorder, name: "w", at: folder["w"])
    try run(change, in: workspace.path)
    try workspace.commit("work")
    return workspace
  }

  private func apply(_ workspace: Workspace, to repository: String = "repo") throws {
    try UserWorkTree.apply(workspace.diff(since: workspace.base), to: folder[repository])
  }

  /// Of the repository with all that git keeps, and of what is beside it.
  private func state() throws -> String {
    try run(
      """
      find repo outside -printf '%p %y %m %l\\n' | sort
      find repo outside -type f -print0 | sort -z | xargs -0 sha256sum
      """, in: folder.path)
  }

  @Test(arguments: [
    "rm link", "ln -sf other link", "rm link; echo f > link", "rm a; ln -s file a",
    "rm link; mkdir link; echo f > link/f", "rm -r dir; echo f > dir",
    "rm file; mkdir file; echo f > file/f",
    #"echo n > 'back\slash'; echo n > 'n\w'; echo n > '[a]*'"#,
    "chmod +x a; chmod -x run", "rm -r dir; mkdir -p x/y; : > x/y/empty; printf '\\0' > binary",
    "sed -i s/1/one/ a; sed -i s/3/three/ other; echo more >> dir/f; ln -s ../a dir/up",
  ])
  func theFilesAreThoseOfTheAgent(_ change: String) throws {
    let workspace = try work(change)
    let kept = "find repo/.git -type f | sort | xargs sha256sum"
    let before = try run(kept, in: folder.path)
    try apply(workspace)
    #expect(try recorder.record(.folder(folder["repo"])).tree == workspace.head.tree)
    #expect(try run("find repo -type d -empty -not -path '*/.git/*'", in: folder.path) == "")
    #expect(try run(kept, in: folder.path) == before)
  }

  /// What the user did in the meantime.
  @Test(arguments: [
    ("echo 4 >> a", "echo 0 > a", "hunk at line 1 did not apply"),
    ("echo 4 >> a", "rm a", "a is missing"),
    ("echo 4 >> a", "rm a; mkfifo a", "a is no file"),
    ("echo 4 >> a", "rm a; mkdir a", "a is no file"),
    ("echo 4 >> a", "mv a b; ln -s b a", "a is a symbolic link"),
    ("echo 4 >> dir/f", "mv dir ../outside; ln -s ../outside/dir dir", "dir is a symbolic link"),
    ("echo 4 > dir/g", "mv dir ../outside; ln -s ../outside/dir dir", "dir is a symbolic link"),
    ("rm a", "echo mine >> a", "a isn't what is to be deleted"),
    ("rm a", "rm a; mkfifo a", "a is no file"),
    ("rm link", "ln -sf mine link", "link isn't what is to be deleted"),
    ("rm link", "rm link; printf a > link", "link is no symbolic link"),
    ("echo n > new", "echo mine > new", "new is there already"),
    ("echo n > new", "ln -s nowhere new", "new is there already"),
    ("echo n > new", "mkfifo new", "new is there already"),
    ("echo n > new", "mkdir -p new/mine", "new is there already"),
    ("echo n > ignored", "echo mine > ignored", "ignored is there already"),
    ("mkdir new; echo n > new/f", "echo mine > new", "new is no folder"),
    ("rm -r dir; echo f > dir", "echo mine > dir/mine", "dir is there already"),
    ("rm -r dir; echo f > dir", "mkdir dir/mine", "dir is there already"),
  ])
  func whatDoesNotFitChangesNothing(_ change: String, _ users: String, _ reason: String) throws {
    let workspace = try work("sed -i s/1/one/ other; echo n > before; \(change)")
    try run("mkdir ../outside; \(users)", in: folder["repo"])
    let before = try state()
    let error = #expect(throws: ToolsError.self) { try apply(workspace) }
    #expect(error?.kind == .patch)
    #expect(error?.description == "it doesn't apply cleanly: \(reason)")
    #expect(try state() == before)
  }

  @Test func emptyFoldersAreNoObstacleAndOtherFilesStay() throws {
    let workspace = try work("echo n > new; rm -r dir")
    try run("mkdir new; echo mine > dir/mine; echo mine > mine", in: folder["repo"])
    try apply(workspace)
    #expect(try folder.text("repo/new") == "n\n" && !folder.exists("repo/dir/f"))
    #expect(try folder.text("repo/dir/mine") == "mine\n" && folder.exists("repo/mine"))
  }

  @Test func permissionsAndLineEndingsStayTheUsers() throws {
    try run(
      #"""
      printf '*.txt eol=crlf\n*.id ident -text\n' > .gitattributes
      printf '1\n2\n' > t.txt; printf '$Id$\nx\n' > k.id; printf '1\r\n2\r\n' > committed
      git -c core.autocrlf=false add . && git commit -qm second
      rm t.txt k.id && git checkout -q t.txt k.id && git config core.autocrlf true
      chmod 600 t.txt; chmod +x a; chmod -x run
      """#, in: folder["repo"])
    let workspace = try work(
      #"""
      echo 3 >> t.txt; echo y >> k.id; printf '3\r\n' >> committed; echo 4 >> a; echo n > new
      echo exit >> run
      """#)
    try apply(workspace)
    #expect(try folder.text("repo/t.txt") == "1\r\n2\r\n3\r\n")
    #expect(try folder.text("repo/committed") == "1\r\n2\r\n3\r\n")
    #expect(try folder.text("repo/new") == "n\r\n")
    let id = try run("git hash-object --no-filters w/k.id", in: folder.path)
    #expect(
      try folder.text("repo/k.id") == "$Id: \(id.trimmingCharacters(in: .newlines)) $\nx\ny\n")
    #expect(try folder.text("repo/a") == "1\r\n2\r\n3\r\n4\r\n")
    let modes = try run("stat -c %a t.txt a run", in: folder["repo"]).split(separator: "\n")
    #expect(modes[0] == "600" && modes[1].hasPrefix("7") && modes[2].hasPrefix("6"), "\(modes)")
  }

  @Test func onlyTheFolderThatIsNamed() throws {
    let workspace = try work("echo 4 >> a")
    try run("git -C repo worktree add -q ../linked && cp -r repo elsewhere", in: folder.path)
    try apply(workspace, to: "linked")
    #expect(try folder.text("linked/a") == "1\n2\n3\n4\n")
    let changes = try UserWorkTree.changes(of: folder["linked"], since: "HEAD")
    #expect(String(decoding: changes, as: UTF8.self).contains("+4"))

    try run("mkdir outside; git -C repo config core.worktree ../../elsewhere", in: folder.path)
    let before = try state() + run("cat elsewhere/a", in: folder.path)
    let reason = "the work tree of \(folder["repo"]) is another folder, "
    var error = #expect(throws: ToolsError.self) { try apply(workspace) }
    #expect(error?.description.hasPrefix(reason) == true, "\(String(describing: error))")
    #expect(error?.description.contains("/elsewhere/") == true)
    error = #expect(throws: ToolsError.self) {
      try UserWorkTree.changes(of: folder["repo"], since: "HEAD")
    }
    #expect(error?.description.hasPrefix(reason) == true)
    #expect(try state() + run("cat elsewhere/a", in: folder.path) == before)
    try run("git clone -q --bare elsewhere bare.git", in: folder.path)
    error = #expect(throws: ToolsError.self) { try apply(workspace, to: "bare.git") }
    #expect(error?.description.hasSuffix("has no work tree") == true)
  }
}
