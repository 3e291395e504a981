import Agent

/// What doctest, Perl, node, harnesses, compilers, sanitizers and shells printed about
/// `Tests/Fixtures/failures/sources`.
enum ToolDigests {
  static let all: [DigestFixture] = [
    DigestFixture(
      name: "tap-perl", kind: .tap, test: "adds",
      text: #"""
        FAIL adds
          expected: '4'
          got: '5'
          test: t/calc.t:8
        """#,
      tight: #"""
        expected: '4'
        got: '5'
        test: t/calc.t:8
        """#),
    DigestFixture(
      name: "tap-perl", kind: .tap, test: "a list",
      text: #"""
        FAIL a list
          expected: '4'
          got: '5'
          difference: at ->[2]
          test: t/calc.t:9
        """#,
      tight: #"""
        expected: '4'
        got: '5'
        difference: at ->[2]
        test: t/calc.t:9
        """#),
    DigestFixture(
      name: "tap-perl", kind: .tap, test: "begins with b",
      text: #"""
        FAIL begins with b
          error: 'abc' | doesn't match '(?^:^b)'
          test: t/calc.t:10
        """#,
      tight: #"""
        error: 'abc' | doesn't match '(?^:^b)'
        test: t/calc.t:10
        """#),
    DigestFixture(
      name: "tap-perl", kind: .tap, test: "is below",
      text: #"""
        FAIL is below
          error: '8' | < | '8'
          test: t/calc.t:11
        """#,
      tight: #"""
        error: '8' | < | '8'
        test: t/calc.t:11
        """#),
    DigestFixture(
      name: "tap-node", kind: .tap, test: "adds",
      text: #"""
        FAIL adds
          expected: 4
          got: 5
          test: test_add.js:8
        """#,
      tight: #"""
        expected: 4
        got: 5
        test: test_add.js:8
        """#),
    DigestFixture(
      name: "tap-node", kind: .tap, test: "an object",
      text: #"""
        FAIL an object
          expected: sum: 4
          got: sum: 5
          test: test_add.js:10
        """#,
      tight: #"""
        expected: sum: 4
        got: sum: 5
        test: test_add.js:10
        """#),
    DigestFixture(
      name: "tap-node", kind: .tap, test: "throws",
      text: #"""
        FAIL throws
          error: Cannot read properties of null (reading 'length')
          test: test_add.js:11
        """#,
      tight: #"""
        error: Cannot read properties of null (reading 'length')
        test: test_add.js:11
        """#),
    DigestFixture(
      name: "tap-shell", kind: .tap, test: "words",
      text: #"""
        FAIL words
          expected: two words
          got: two | words
        """#,
      tight: #"""
        expected: two words
        got: two | words
        """#),
    DigestFixture(
      name: "tap-shell", kind: .tap, test: "status",
      text: #"""
        FAIL status
          expected: 1
          got: 0
        """#,
      tight: #"""
        expected: 1
        got: 0
        """#),
    DigestFixture(
      name: "tap-c", kind: .tap, test: "too high",
      text: #"""
        FAIL too high
          call: clamp(9, 2, 4)
          expected: 4
          got: 2
          test: t.c:7
        """#,
      tight: #"""
        call: clamp(9, 2, 4)
        expected: 4
        got: 2
        """#),
    DigestFixture(
      name: "tap-c", kind: .tap, test: "joins",
      text: #"""
        FAIL joins
          call: join(", ", names)
          expected: "a, b"
          got: "a,b"
          test: t.c:9
        """#,
      tight: #"""
        call: join(", ", names)
        expected: "a, b"
        got: "a,b"
        """#),
    DigestFixture(
      name: "tap-c", kind: .tap, test: "sorted",
      text: #"""
        FAIL sorted
          error: not true: is_sorted(list)
          test: t.c:12
        """#,
      tight: #"""
        error: not true: is_sorted(list)
        test: t.c:12
        """#),
    DigestFixture(
      name: "tap-c", kind: .tap, test: "crashes",
      text: #"""
        FAIL crashes
          error: crashed by signal 11
        """#,
      tight: #"""
        error: crashed by signal 11
        """#),
    DigestFixture(
      name: "tap-dies", kind: .tap, ending: "exit code 2",
      text: #"""
        error: exit code 2
        output: no such table | Looks like your test exited with 2 just after 1.
        """#,
      tight: #"""
        error: exit code 2
        output: no such table | Looks like your test exited with 2 just after 1.
        """#),
    DigestFixture(
      name: "prove", kind: .tap, ending: "exit code 1",
      text: #"""
        expected: '4'
        got: '5'
        test: t/calc.t:8
        more: 3 others
        """#,
      tight: #"""
        expected: '4'
        got: '5'
        test: t/calc.t:8
        """#),
    DigestFixture(
      name: "prove-dies", kind: .tap, ending: "exit code 1",
      text: #"""
        error: exit code 1
        output: no such table | Looks like your test exited with 2 just after 1. | t/dies.t ..
        """#,
      tight: #"""
        error: exit code 1
        output: no such table | Looks like your test exited with 2 just after 1. | t/dies.t ..
        """#),
    DigestFixture(
      name: "doctest",
      text: #"""
        call: mean([1, 2])
        expected: 1
        got: 1.5
        at: calc.py:7, in calc.mean
        code: calc.py:4: def mean(values):
        more: 4 others
        """#,
      tight: #"""
        call: mean([1, 2])
        expected: 1
        got: 1.5
        at: calc.py:7, in calc.mean
        code: calc.py:4: def mean(values):
        """#),
    DigestFixture(
      name: "script",
      text: #"""
        call: calc.mean([1, 2])
        error: AssertionError: 1.5
        at: script.py:4: assert calc.mean([1, 2]) == 2, calc.mean([1, 2])
        """#,
      tight: #"""
        call: calc.mean([1, 2])
        error: AssertionError: 1.5
        at: script.py:4: assert calc.mean([1, 2]) == 2, calc.mean([1, 2])
        """#),
    DigestFixture(
      name: "status", ending: "exit code 3",
      text: #"""
        error: exit code 3
        output: checking 3 files | b.txt: 2 lines too long
        """#,
      tight: #"""
        error: exit code 3
        output: checking 3 files | b.txt: 2 lines too long
        """#),
    DigestFixture(
      name: "compile",
      text: #"""
        error: SyntaxError: '(' was never closed
        at: broken.py:1: def join(first, second:
        """#,
      tight: #"""
        error: SyntaxError: '(' was never closed
        at: broken.py:1: def join(first, second:
        """#),
    DigestFixture(
      name: "gcc",
      text: #"""
        compiler error: expected ‘,’ or ‘;’ before ‘return’
        at: syntax.c:5: return sum;
        more: 2 others
        """#,
      tight: #"""
        compiler error: expected ‘,’ or ‘;’ before ‘return’
        at: syntax.c:5: return sum;
        """#),
    DigestFixture(
      name: "gcc-color",
      text: #"""
        compiler error: expected ‘,’ or ‘;’ before ‘return’
        at: syntax.c:5: return sum;
        more: 2 others
        """#,
      tight: #"""
        compiler error: expected ‘,’ or ‘;’ before ‘return’
        at: syntax.c:5: return sum;
        """#),
    DigestFixture(
      name: "gcc-header",
      text: #"""
        compiler error: ringbuf.h: No such file or directory
        at: header.c:1: #include "ringbuf.h"
        """#,
      tight: #"""
        compiler error: ringbuf.h: No such file or directory
        at: header.c:1: #include "ringbuf.h"
        """#),
    DigestFixture(
      name: "gcc-warning",
      text: #"""
        compiler error: comparison of integer expressions of different signedness: ‘unsigned int’ and ‘int’ [-Werror=sign-compare]
        at: warning.c:5: int main(void) { unsigned n = 1; return n < -1 ? size("") : 0; }
        """#,
      tight: #"""
        compiler error: comparison of integer expressions of different signedness: ‘unsigned…
        at: warning.c:5: int main(void) { unsigned n = 1; return n < -1 ? size("…
        """#),
    DigestFixture(
      name: "clang",
      text: #"""
        compiler error: expected ';' at end of declaration
        at: syntax.c:4: int sum = a + b
        more: 1 other
        """#,
      tight: #"""
        compiler error: expected ';' at end of declaration
        at: syntax.c:4: int sum = a + b
        """#),
    DigestFixture(
      name: "ld",
      text: #"""
        linker error: undefined reference to `add'
        """#,
      tight: #"""
        linker error: undefined reference to `add'
        """#),
    DigestFixture(
      name: "make",
      text: #"""
        compiler error: expected ‘,’ or ‘;’ before ‘return’
        at: syntax.c:5: return sum;
        more: 2 others
        """#,
      tight: #"""
        compiler error: expected ‘,’ or ‘;’ before ‘return’
        at: syntax.c:5: return sum;
        """#),
    DigestFixture(
      name: "make-missing",
      text: #"""
        error: make: No rule to make target 'nothing', needed by 'test'.  Stop.
        """#,
      tight: #"""
        error: make: No rule to make target 'nothing', needed by 'test'.  Stop.
        """#),
    DigestFixture(
      name: "sanitizer-overflow",
      text: #"""
        error: AddressSanitizer: heap-buffer-overflow, READ of size 4
        at: memory.c:6, in get: return values[index];
        """#,
      tight: #"""
        error: AddressSanitizer: heap-buffer-overflow, READ of size 4
        at: memory.c:6, in get: return values[index];
        """#),
    DigestFixture(
      name: "sanitizer-freed",
      text: #"""
        error: AddressSanitizer: heap-use-after-free, READ of size 4
        at: memory.c:6, in get: return values[index];
        """#,
      tight: #"""
        error: AddressSanitizer: heap-use-after-free, READ of size 4
        at: memory.c:6, in get: return values[index];
        """#),
    DigestFixture(
      name: "sanitizer-null",
      text: #"""
        runtime error: load of null pointer of type 'const int'
        at: memory.c:6: return values[index];
        """#,
      tight: #"""
        runtime error: load of null pointer of type 'const int'
        at: memory.c:6: return values[index];
        """#),
    DigestFixture(
      name: "sanitizer-leak",
      text: #"""
        error: LeakSanitizer: detected memory leaks, Direct leak of 16 byte(s) in 1 object(s)
        at: memory.c:10, in make: return calloc(count, sizeof(int));
        """#,
      tight: #"""
        error: LeakSanitizer: detected memory leaks, Direct leak of 16 byte(s) in 1 object(s)
        at: memory.c:10, in make: return calloc(count, sizeof(int));
        """#),
    DigestFixture(
      name: "sanitizer-undefined",
      text: #"""
        runtime error: signed integer overflow: 65536 * 65536 cannot be represented in type 'int'
        at: memory.c:14: return n * 65536;
        """#,
      tight: #"""
        runtime error: signed integer overflow: 65536 * 65536 cannot be represented in type 'int'
        at: memory.c:14: return n * 65536;
        """#),
    DigestFixture(
      name: "sanitizer-fatal",
      text: #"""
        runtime error: signed integer overflow: 65536 * 65536 cannot be represented in type 'int'
        at: memory.c:14: return n * 65536;
        """#,
      tight: #"""
        runtime error: signed integer overflow: 65536 * 65536 cannot be represented in type 'int'
        at: memory.c:14: return n * 65536;
        """#),
    DigestFixture(
      name: "c-assert",
      text: #"""
        error: Assertion `get(values, 0) > 0' failed.
        at: memory.c:28, in main: if (strcmp(mode, "assert") == 0) assert(get(values, 0) > 0);
        """#,
      tight: #"""
        error: Assertion `get(values, 0) > 0' failed.
        at: memory.c:28, in main: if (strcmp(mode, "assert") == 0) assert(get(values, 0) > 0);
        """#),
    DigestFixture(
      name: "c-segfault",
      text: #"""
        error: Segmentation fault: ./plain null
        """#,
      tight: #"""
        error: Segmentation fault: ./plain null
        """#),
    DigestFixture(
      name: "c-abort",
      text: #"""
        error: Aborted: ./plain abort
        """#,
      tight: #"""
        error: Aborted: ./plain abort
        """#),
    DigestFixture(
      name: "c-status", ending: "exit code 3",
      text: #"""
        error: exit code 3
        """#,
      tight: #"""
        error: exit code 3
        """#),
    DigestFixture(
      name: "c-timeout", ending: "exit code 124 (a time limit was hit)",
      text: #"""
        error: exit code 124 (a time limit was hit)
        """#,
      tight: #"""
        error: exit code 124 (a time limit was hit)
        """#),
    DigestFixture(
      name: "dash-syntax",
      text: #"""
        error: Syntax error: "}" unexpected (expecting "fi")
        at: syntax.sh:4: }
        """#,
      tight: #"""
        error: Syntax error: "}" unexpected (expecting "fi")
        at: syntax.sh:4: }
        """#),
    DigestFixture(
      name: "bash-syntax",
      text: #"""
        error: syntax error near unexpected token `}'
        at: syntax.sh:4: }
        """#,
      tight: #"""
        error: syntax error near unexpected token `}'
        at: syntax.sh:4: }
        """#),
    DigestFixture(
      name: "bash-command",
      text: #"""
        error: frobnicate: command not found
        at: command.sh:3: frobnicate --all
        """#,
      tight: #"""
        error: frobnicate: command not found
        at: command.sh:3: frobnicate --all
        """#),
  ]
}
