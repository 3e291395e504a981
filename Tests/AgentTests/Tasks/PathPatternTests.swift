import Agent
import Testing

struct PathPatternTests {
  @Test(arguments: [
    ("tests", "tests/a.py", true), ("tests", "src/tests/a.py", true), ("tests", "mytests/a", false),
    ("tests/", "tests/a.py", true), ("/tests", "src/tests/a.py", false),
    ("/tests", "tests/a", true),
    ("tests/**", "tests/a/b.py", true), ("tests/**", "tests", false),
    ("tests/**", "x/tests/a", false),
    ("src/*.c", "src/a.c", true), ("src/*.c", "src/b/a.c", false), ("src/**/a.c", "src/a.c", true),
    ("src/**/a.c", "src/x/y/a.c", true), ("**/run.sh", "run.sh", true),
    ("**/run.sh", "a/run.sh", true),
    ("*.py", "a/b.py", true), ("*.py", "a/b.pyc", false), ("test_*.py", "a/test_.py", true),
    ("a?c", "abc", true), ("a?c", "a/c", false), ("[ab]x", "bx", true), ("[!ab]x", "bx", false),
    ("[a-c]x", "cx", true), ("[a-c]x", "dx", false), ("a[", "a[", true), ("*a*b*c", "xaxbxc", true),
    ("*a*b*c", "xaxcxb", false), ("./a", "a", true), ("a", "./a", true), ("", "a", false),
    ("/", "a", false), ("**", "a/b", true), ("a b", "a b", true), ("é*", "école", true),
  ])
  func matching(pattern: String, path: String, expected: Bool) {
    #expect(PathPattern(pattern).matches(path) == expected)
  }
}
