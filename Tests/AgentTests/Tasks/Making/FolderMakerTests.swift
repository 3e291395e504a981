import Agent
import Foundation
import Testing
import Tools

/// Repositories with tests of their own, broken and tested in the sandbox.
struct FolderMakerTests {
  private static let clamp = """
    def clamp(value, low, high):
        if value < low:
            return low
        if value > high:
            return high
        return value

    """

  private static let cases = """
    import unittest
    from mathy import clamp


    class ClampTests(unittest.TestCase):
        def test_high(self):
            self.assertEqual(clamp(5, 0, 3), 3)

        def test_low(self):
            self.assertEqual(clamp(-1, 0, 3), 0)

        def test_within(self):
            self.assertEqual(clamp(2, 0, 3), 2)

    """

  private static let functions = """
    from mathy import clamp


    def test_high():
        assert clamp(5, 0, 3) == 3


    def test_within():
        assert clamp(2, 0, 3) == 2

    """

  private static let shell = """
    double() {
      echo $(($1 * 2))
    }
    half() {
      if [ "$1" -eq 0 ]; then
        echo none
      else
        echo $(($1 / 2))
      fi
    }

    """

  private static let tap = """
    . ./numbers.sh
    check() {
      if [ "$2" = "$3" ]; then echo "ok $1"; else echo "not ok $1"; bad=1; fi
    }
    check "1 - double" "$(double 3)" 6
    check "2 - half" "$(half 8)" 4
    check "3 - none" "$(half 0)" none
    echo 1..3
    exit ${bad:-0}

    """

  /// Makes tasks from what a list of sources names, which lies in the folder.
  private func make(_ list: SourceList, in folder: URL) async throws -> MakingReport {
    try await TaskMaker(
      sources: list, options: MakingOptions(), output: folder.appending(path: "tasks"), jobs: 2
    ).make(begin: { _ in }, step: { _ in })
  }

  private func make(_ toml: String, in folder: URL) async throws -> MakingReport {
    let file = folder.appending(path: "sources.toml")
    try Data(toml.utf8).write(to: file)
    return try await make(SourceList(contentsOf: file), in: folder)
  }

  /// The folder that is given, all files, and the command that is chosen.
  private static let packages: [(path: String, files: [String: String], command: String)] = [
    (
      "flat", ["flat/mathy.py": clamp, "flat/test_mathy.py": cases],
      "python3 -m unittest discover -v"
    ),
    (
      "project", ["project/src/mathy/__init__.py": clamp, "project/tests/test_mathy.py": cases],
      "PYTHONPATH=src python3 -m unittest discover -s tests -v"
    ),
    // The package's own folder: what lies beside it is no part of it.
    (
      "parent/mathy",
      [
        "parent/mathy/__init__.py": clamp, "parent/mathy/tests/__init__.py": "",
        "parent/mathy/tests/test_mathy.py": cases, "parent/other/test_other.py": "import nothing",
      ], "python3 -m unittest discover -s mathy/tests -t . -v"
    ),
  ]

  @Test(arguments: packages)
  func aPackageWithoutExamplesIsTestedByItsTests(
    path: String, files: [String: String], command: String
  ) async throws {
    try await MakingFixtures.withFolder { folder in
      try MakingFixtures.write(files, to: folder)
      var package = try SourceList.Package(
        argument: folder.appending(path: path).path, split: .heldOut)
      package.limit = 1
      let report = try await make(SourceList(packages: [package]), in: folder)
      let entry = try #require(report.packages[package.name])
      #expect(report.tasks == 1 && entry.tasks == 1 && entry.failure == nil, "\(entry)")
      #expect(entry.left["module has no examples"] == 1 && entry.candidates > 1)
      let task = try #require(try TaskSet.load(folder.appending(path: "tasks")).tasks.first)
      #expect(task.testCommand == command && task.split == .heldOut)
      #expect(task.origin?.function == "clamp" && task.repository == package.name)
      let written = WorkTreeListing.files(in: task.environmentDirectory.path)
      #expect(!written.contains { $0.contains("other") }, "\(written)")
      let validation = try await TaskValidator(sandbox: .bubblewrap, runs: 1).validate(task)
      #expect(validation.isValid, "\(validation)")
    }
  }

  private static let layouts: [(files: [String: String], command: String?)] = [
    (["mathy/__init__.py": clamp], nil),
    (["mathy.py": clamp, ".tox/test_x.py": cases, "latest.py": cases], nil),
    (["mathy.py": clamp, "test_mathy.py": functions], "python3 -m pytest"),
    (["mathy.py": clamp, "test_a.py": functions, "test_b.py": cases], "python3 -m pytest"),
    (["mathy.py": clamp, "mathy_test.py": cases], "python3 -m pytest"),
    (
      ["src/mathy.py": clamp, "tests/unit/test_mathy.py": functions],
      "PYTHONPATH=src python3 -m pytest"
    ),
    (
      ["mathy.py": clamp, "tests/__init__.py": "", "tests/test_mathy.py": cases],
      "python3 -m unittest discover -s tests -t . -v"
    ),
    (
      ["mathy.py": clamp, "tests/test_a.py": cases, "tests/b/test_b.py": cases],
      "python3 -m pytest"
    ),
    (
      [
        "mathy.py": clamp, "tests/a/__init__.py": "", "tests/a/test_a.py": cases,
        "tests/b/__init__.py": "", "tests/b/test_b.py": cases,
      ], "python3 -m unittest discover -s tests -v"
    ),
    (
      [
        "src/mathy/__init__.py": clamp, "src/mathy/tests/__init__.py": "",
        "src/mathy/tests/test_mathy.py": cases,
      ], "PYTHONPATH=src python3 -m unittest discover -s src/mathy/tests -t src -v"
    ),
  ]

  @Test(arguments: layouts)
  func commandsOfLayouts(files: [String: String], command: String?) async throws {
    try await MakingFixtures.withFolder { folder in
      try MakingFixtures.write(files, to: folder)
      #expect(PythonTests.command(in: folder) == command)
    }
  }

  /// Where they are, and what the list of sources says of it.
  @Test(arguments: [
    ("test.sh", ""), ("t/basic.t", ""), ("lib/test_numbers.sh", ""), ("numbers_test.sh", ""),
    ("check/run", "tests = [\"check\"]"),
  ])
  func testsOutsideTheirFolder(path: String, key: String) async throws {
    try await MakingFixtures.withFolder { folder in
      try MakingFixtures.write(
        ["shell/numbers.sh": Self.shell, "shell/\(path)": Self.tap], to: folder)
      let report = try await make(
        """
        [folders.shell]
        path = "shell"
        test_command = "sh \(path)"
        language = "shell"
        limit = 1
        \(key)
        """, in: folder)
      #expect(report.tasks == 1, "\(report)")
      let task = try #require(try TaskSet.load(folder.appending(path: "tasks")).tasks.first)
      #expect(task.origin?.path == "numbers.sh" && task.isProtected(path))
      #expect(WorkTreeListing.files(in: task.testsDirectory.path) == [path])
    }
  }

  @Test func oneBadFolderDoesNotEndTheOthers() async throws {
    try await MakingFixtures.withFolder { folder in
      for name in ["good", "links", "silent"] {
        try MakingFixtures.write(
          ["\(name)/numbers.sh": Self.shell, "\(name)/test.sh": Self.tap], to: folder)
      }
      try MakingFixtures.write(["untested/numbers.sh": Self.shell], to: folder)
      let link = folder.appending(path: "links/out").path
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/etc")
      let report = try await make(
        ["good", "links", "silent", "untested"].map { name in
          """
          [folders.\(name)]
          path = "\(name)"
          test_command = "sh test.sh\(name == "silent" ? " | grep -q ." : "")"
          language = "shell"
          limit = 1

          """
        }.joined(), in: folder)
      #expect(report.tasks == 1 && report.packages["good"]?.tasks == 1, "\(report)")
      let failures = report.packages.compactMapValues(\.failure)
      #expect(failures.count == 3 && failures["links"] == "\(link) is a link that leads outside it")
      #expect(failures["silent"]?.contains("or print TAP") == true, "\(failures)")
      let untested = folder.appending(path: "untested").path
      #expect(failures["untested"]?.hasPrefix("\(untested) has no files that look like") == true)
      let written = try FileManager.default.contentsOfDirectory(
        atPath: folder.appending(path: "tasks/.making/staging").path)
      #expect(written == [])
    }
  }
}
