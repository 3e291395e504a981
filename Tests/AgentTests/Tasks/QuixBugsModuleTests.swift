import Agent
import Foundation
import Testing
import Tools

/// Programs of QuixBugs whose arguments are no JSON: they come with pytest's tests.
extension ImportTests {
  private static let graph = [
    "python_programs/__init__.py": "",
    "python_programs/node.py": """
    class Node:
        def __init__(self, value, successors=()):
            self.value, self.successors = value, successors
    """,
    // Never ends where there is no way.
    "python_programs/reach.py": """
    def reach(start, goal):
        left = [start]
        while True:
            node = left.pop() if left else start
            if node is goal:
                return True
            left.extend(node.successors)
    """,
    "correct_python_programs/reach.py": """
    def reach(start, goal):
        left = [start]
        while left:
            node = left.pop()
            if node is goal:
                return True
            left.extend(node.successors)
        return False
    """,
    "python_testcases/load_testdata.py": "def load_json_testcases(name): return []\n",
    // What the sound program gets wrong is left out: one set of arguments, one function.
    "python_testcases/test_reach.py": #"""
    import pytest
    from load_testdata import load_json_testcases
    from node import Node

    if pytest.use_correct:
        from correct_python_programs.reach import reach
    else:
        from python_programs.reach import reach

    a = Node("a")
    b = Node("b", [a])


    def test1():
        """Case 1: a way
    def test9(): in a text
        """
        assert reach(b, a)


    @pytest.mark.parametrize("goal,expected", [
        (a, True),
        (None, False),
        (b, False),
    ])
    def test2(goal, expected):
        assert reach(b, goal) == expected


    def test3():
        assert not reach(a, b)


    def test4():
        assert not reach(a, a)
    """#,
  ]

  @Test func quixBugsModules() async throws {
    try await withFolder(Self.graph) { folder in
      let importer = await importer(folder)
      let outcomes = try await run(importer, try importer.quixBugs(folder))
      #expect(outcomes == ["reach": .imported(failToPass: 2, passToPass: 2, dropped: 2)])
      let task = try RepairTask(directory: importer.output.appending(path: "reach"))
      #expect(
        Set(task.failToPass) == [
          "hidden/test_reach.py::test2[None-False]", "hidden/test_reach.py::test3",
        ])
      let environment = task.environmentDirectory.path(percentEncoded: false)
      let files = WorkTreeListing.files(in: environment)
      #expect(
        files == [
          "python_programs/__init__.py", "python_programs/node.py", "python_programs/reach.py",
          "tests/conftest.py", "tests/load_testdata.py", "tests/node.py", "tests/test_reach.py",
        ])
      func functions(_ file: URL) throws -> [Int] {
        let text = try String(contentsOf: file, encoding: .utf8)
        return (1...4).filter { text.contains("\ndef test\($0)(") }
      }
      #expect(
        try functions(task.testsDirectory.appending(path: "hidden/test_reach.py")) == [1, 2, 3])
      #expect(
        try functions(task.environmentDirectory.appending(path: "tests/test_reach.py")) == [1, 3])
      for file in files {
        let text = try String(
          contentsOf: task.environmentDirectory.appending(path: file), encoding: .utf8)
        #expect(!text.contains("while left:"), "\(file) has the solution")
      }
      let validation = try await TaskValidator(sandbox: importer.sandbox, runs: 1).validate(task)
      #expect(validation.problems == [] && validation.visibleTestsFailBefore)
    }
  }
}
