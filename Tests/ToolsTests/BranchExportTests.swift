import Foundation
import Testing
import Tools

/// The branch that recorded states become in the repository that they began with.
@Suite struct BranchExportTests {
  private let folder: TemporaryFolder
  private let recorder: Recorder

  init() throws {
    folder = try TemporaryFolder()
    recorder = try Recorder(at: folder["recorder.git"])
  }

  private func open() throws -> Workspace {
    try Workspace.materialize(
      .repository(folder["repo"]), recorder: recorder, name: "w", at: folder["w"])
  }

  /// The name of the branch on which the workspace's files are one commit on top of main.
  private func export(_ workspace: Workspace) throws -> String {
    let turn = ExportedTurn(snapshot: try workspace.commit("turn"), message: "turn")
    return try recorder.export(
      [turn], since: workspace.base, to: folder["repo"], onto: "main", branch: "hindsight/x"
    ).branch
  }

  /// Modes that nothing writes any more (only some of which `git fsck` names), a name that git wouldn't take, two
  /// entries of one name.
  @Test(arguments: [
    #"100644 calc.py\0${calc}100664 x.txt\0${x}"#,
    #"100644 calc.py\0${calc}100775 x.sh\0${x}100600 x.txt\0${x}"#,
    #"106755 a\0${x}100644 calc.py\0${calc}"#,
    #"100644 calc.py\0${calc}040000 sub\0${sub}"#,
    #"100644 calc.py\0${calc}40000 git~1\0${sub}"#,
    #"100644 a\0${x}100644 a\0${y}100644 calc.py\0${calc}"#,
    #"120000 a\0${x}40000 a\0${sub}100644 calc.py\0${calc}"#,
  ])
  func whatNobodyChangedStaysByteForByte(_ entries: String) throws {
    try run(
      #"""
      git init -q -b main repo && cd repo && git config user.email a@b && git config user.name c
      blob() { printf "$1" | git hash-object -w --stdin | sed 's/../\\x&/g'; }
      tree() { printf "$1" | git hash-object -w --literally -t tree --stdin; }
      calc=$(blob 'a - b\n'); x=$(blob evil); y=$(blob other)
      sub=$(tree "100664 f\0$x" | sed 's/../\\x&/g')
      git update-ref refs/heads/main $(git commit-tree $(tree "\#(entries)") -m first)
      """#, in: folder.path)
    let workspace = try open()
    try folder.write("w/calc.py", "a + b\n")
    let branch = try export(workspace)
    #expect(
      try workspace.changedPaths(from: workspace.base, to: workspace.head).map(\.path)
        == ["calc.py"])
    func hex(_ command: String) throws -> String {
      try run("set -o pipefail; \(command) | od -An -v -tx1 | tr -d ' \\n'", in: folder["repo"])
    }
    let old = try run("printf 'a - b\\n' | git hash-object --stdin", in: folder["repo"])
    let new = try run("printf 'a + b\\n' | git hash-object --stdin", in: folder["repo"])
    let expected = try hex("git cat-file tree main^{tree}").replacing(
      old.trimmingCharacters(in: .newlines), with: new.trimmingCharacters(in: .newlines))
    #expect(try hex("git cat-file tree \(branch)^{tree}") == expected)
  }

  @Test func filesAndFoldersComeGoAndTakeEachOthersPlaces() throws {
    try run(
      """
      git init -q -b main repo && cd repo && git config user.email a@b && git config user.name c
      mkdir -p lib/__pycache__ all dir && seq 9 > top.txt && touch file lib/a lib/b all/a dir/f run
      touch lib/__pycache__/a.pyc && git add . && git commit -qm first
      git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),lib/sub
      git commit -qm second
      """, in: folder.path)
    let workspace = try open()
    try run(
      """
      sed -i s/^1/one/ top.txt; rm -r lib all dir file; echo f > dir; mkdir -p file new/deep
      echo n > file/n; echo n > new/deep/n; ln -s nowhere link; chmod +x run
      """, in: workspace.path)
    let branch = try export(workspace)
    func changes(_ branch: String) throws -> [String] {
      try run("git diff --no-renames --name-status main \(branch)", in: folder["repo"])
        .split(separator: "\n").map { String($0).replacing("\t", with: " ") }.sorted()
    }
    let expected = [
      "A dir", "A file/n", "A link", "A new/deep/n", "D all/a", "D dir/f", "D file", "D lib/a",
      "D lib/b", "M run", "M top.txt",
    ]
    #expect(try changes(branch) == expected)
    try run("git fsck --strict", in: folder["repo"])

    // What others did to the same file in the meantime is not undone.
    try run(
      "git reset -q --hard && sed -i s/9/nine/ top.txt && git commit -qam third",
      in: folder["repo"])
    let second = try export(workspace)
    #expect(second == "hindsight/x-2")
    #expect(try changes(second) == expected)
    let merged = try run("git show \(second):top.txt", in: folder["repo"])
    #expect(merged == "one\n2\n3\n4\n5\n6\n7\n8\nnine\n")
  }
}
