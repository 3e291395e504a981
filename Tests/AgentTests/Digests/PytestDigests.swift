import Agent

/// What pytest 9 printed about `Tests/Fixtures/failures/sources`.
enum PytestDigests {
  static let all: [DigestFixture] = [
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_fixture",
      text: #"""
        ERROR test_pytest.py::test_fixture
          call: calc.lookup({}, "names")
          error: LookupError: no entry names
          at: calc.py:43: raise LookupError(f"no entry {key}") from error
          after: KeyError: 'names'
          test: test_pytest.py:77
        """#,
      tight: #"""
        call: calc.lookup({}, "names")
        error: LookupError: no entry names
        at: calc.py:43: raise LookupError(f"no entry {key}") from error
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_no_fixture",
      text: #"""
        ERROR test_pytest.py::test_no_fixture
          error: fixture 'nothing' not found
          test: test_pytest.py:84
        """#,
      tight: #"""
        error: fixture 'nothing' not found
        test: test_pytest.py:84
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_equal",
      text: #"""
        FAIL test_pytest.py::test_equal
          call: calc.mean([1, 2])
          expected: 2
          got: 1.5
          code: calc.py:4: def mean(values):
          test: test_pytest.py:7
        """#,
      tight: #"""
        call: calc.mean([1, 2])
        expected: 2
        got: 1.5
        code: calc.py:4: def mean(values):
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_reversed",
      text: #"""
        FAIL test_pytest.py::test_reversed
          call: calc.mean([1, 2])
          expected: 2
          got: 1.5
          code: calc.py:4: def mean(values):
          test: test_pytest.py:11
        """#,
      tight: #"""
        call: calc.mean([1, 2])
        expected: 2
        got: 1.5
        code: calc.py:4: def mean(values):
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_variable",
      text: #"""
        FAIL test_pytest.py::test_variable
          expected: 2
          got: 1.5
          note: of two numbers
          test: test_pytest.py:16: assert result == 2, "of two numbers"
        """#,
      tight: #"""
        expected: 2
        got: 1.5
        test: test_pytest.py:16: assert result == 2, "of two numbers"
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_error",
      text: #"""
        FAIL test_pytest.py::test_error
          call: calc.mean([])
          expected: 0
          error: ZeroDivisionError: division by zero
          at: calc.py:16: return sum(values) / len(values)
          test: test_pytest.py:20
        """#,
      tight: #"""
        call: calc.mean([])
        expected: 0
        error: ZeroDivisionError: division by zero
        at: calc.py:16: return sum(values) / len(values)
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_text",
      text: #"""
        FAIL test_pytest.py::test_text
          call: calc.table([("a", 1), ("b", 2), ("c", 3)])
          expected: 'a: 1\nb 2\nc: 3'
          got: 'a: 1\nb: 2\nc: 3'
          code: calc.py:19: def table(rows):
          test: test_pytest.py:24
        """#,
      tight: #"""
        call: calc.table([("a", 1), ("b", 2), ("c", 3)])
        expected: 'a: 1\nb 2\nc: 3'
        got: 'a: 1\nb: 2\nc: 3'
        code: calc.py:19: def table(rows):
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_long_list",
      text: #"""
        FAIL test_pytest.py::test_long_list
          call: calc.squares(40)
          expected: 49
          got: 50
          difference: at index 7
          code: calc.py:31: def squares(count):
          test: test_pytest.py:28
        """#,
      tight: #"""
        call: calc.squares(40)
        expected: 49
        got: 50
        difference: at index 7
        code: calc.py:31: def squares(count):
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_dict",
      text: #"""
        FAIL test_pytest.py::test_dict
          call: calc.settings("x")
          expected: {'retries': 5}
          got: {'retries': 3}
          code: calc.py:35: def settings(name):
          test: test_pytest.py:32
        """#,
      tight: #"""
        call: calc.settings("x")
        expected: {'retries': 5}
        got: {'retries': 3}
        code: calc.py:35: def settings(name):
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_in",
      text: #"""
        FAIL test_pytest.py::test_in
          call: calc.table([("a", 1)])
          error: AssertionError: assert 'z' in 'a: 1'
          code: calc.py:19: def table(rows):
          test: test_pytest.py:37
        """#,
      tight: #"""
        call: calc.table([("a", 1)])
        error: AssertionError: assert 'z' in 'a: 1'
        code: calc.py:19: def table(rows):
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_true",
      text: #"""
        FAIL test_pytest.py::test_true
          call: calc.mean([0, 0])
          error: assert 0.0
          code: calc.py:4: def mean(values):
          test: test_pytest.py:41
        """#,
      tight: #"""
        call: calc.mean([0, 0])
        error: assert 0.0
        code: calc.py:4: def mean(values):
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_raises",
      text: #"""
        FAIL test_pytest.py::test_raises
          error: Failed: DID NOT RAISE <class 'ValueError'>
          test: test_pytest.py:45: with pytest.raises(ValueError):
        """#,
      tight: #"""
        error: Failed: DID NOT RAISE <class 'ValueError'>
        test: test_pytest.py:45: with pytest.raises(ValueError):
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_approximately",
      text: #"""
        FAIL test_pytest.py::test_approximately
          call: calc.mean([1, 2])
          expected: 1.6 ± 1.6e-06
          got: 1.5
          code: calc.py:4: def mean(values):
          test: test_pytest.py:50
        """#,
      tight: #"""
        call: calc.mean([1, 2])
        expected: 1.6 ± 1.6e-06
        got: 1.5
        code: calc.py:4: def mean(values):
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_chain",
      text: #"""
        FAIL test_pytest.py::test_chain
          call: calc.lookup({}, "key")
          error: LookupError: no entry key
          at: calc.py:43: raise LookupError(f"no entry {key}") from error
          after: KeyError: 'key'
          test: test_pytest.py:54
        """#,
      tight: #"""
        call: calc.lookup({}, "key")
        error: LookupError: no entry key
        at: calc.py:43: raise LookupError(f"no entry {key}") from error
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_handling",
      text: #"""
        FAIL test_pytest.py::test_handling
          call: calc.tidy("x")
          error: AttributeError: 'str' object has no attribute 'missing'
          at: calc.py:50: return text.missing
          after: ValueError: invalid literal for int() with base 10: 'x'
          test: test_pytest.py:58
        """#,
      tight: #"""
        call: calc.tidy("x")
        error: AttributeError: 'str' object has no attribute 'missing'
        at: calc.py:50: return text.missing
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_group",
      text: #"""
        FAIL test_pytest.py::test_group
          call: calc.collect([lambda: calc.mean([]), lambda: int("x")])
          error: ZeroDivisionError: division by zero
          at: calc.py:16, in mean: return sum(values) / len(values)
          test: test_pytest.py:62, in <lambda>
        """#,
      tight: #"""
        call: calc.collect([lambda: calc.mean([]), lambda: int("x"…
        error: ZeroDivisionError: division by zero
        at: calc.py:16, in mean: return sum(values) / len(values)
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_squares[8]",
      text: #"""
        FAIL test_pytest.py::test_squares[8]
          call: calc.squares(count)[-1]
          expected: ((8 - 1) ** 2)
          got: 50
          code: calc.py:31: def squares(count):
          test: test_pytest.py:67
        """#,
      tight: #"""
        call: calc.squares(count)[-1]
        expected: ((8 - 1) ** 2)
        got: 50
        code: calc.py:31: def squares(count):
        """#),
    DigestFixture(
      name: "pytest", kind: .pytest, test: "test_pytest.py::test_prints",
      text: #"""
        FAIL test_pytest.py::test_prints
          call: calc.mean([1])
          expected: 2
          got: 1.0
          code: calc.py:4: def mean(values):
          test: test_pytest.py:72
        """#,
      tight: #"""
        call: calc.mean([1])
        expected: 2
        got: 1.0
        code: calc.py:4: def mean(values):
        """#),
    DigestFixture(
      name: "pytest-deep", kind: .pytest, test: "test_deep.py::DeepTests::test_recursion",
      text: #"""
        FAIL test_deep.py::DeepTests::test_recursion
          call: calc.is_even(7)
          error: RecursionError: maximum recursion depth exceeded
          at: calc.py:58: return is_even(n - 1)
          test: test_deep.py:8
        """#,
      tight: #"""
        call: calc.is_even(7)
        error: RecursionError: maximum recursion depth exceeded
        at: calc.py:58: return is_even(n - 1)
        """#),
    DigestFixture(
      name: "pytest-import", kind: .pytest, ending: "exit code 2",
      text: #"""
        error: ImportError: cannot import name 'median' from 'calc' (/workspace/calc.py)
        test: test_import.py:3: from calc import median
        """#,
      tight: #"""
        error: ImportError: cannot import name 'median' from 'calc' (/workspace/calc.py)
        test: test_import.py:3: from calc import median
        """#),
    DigestFixture(
      name: "pytest-syntax", kind: .pytest, ending: "exit code 2",
      text: #"""
        error: SyntaxError: '(' was never closed
        at: broken.py:1: def join(first, second:
        test: test_syntax.py:3: import broken
        """#,
      tight: #"""
        error: SyntaxError: '(' was never closed
        at: broken.py:1: def join(first, second:
        test: test_syntax.py:3: import broken
        """#),
    DigestFixture(
      name: "pytest-doctest", kind: .pytest, test: "calc.py::calc.mean",
      text: #"""
        FAIL calc.py::calc.mean
          call: mean([1, 2])
          expected: 1
          got: 1.5
          at: calc.py:7
          code: calc.py:4: def mean(values):
        """#,
      tight: #"""
        call: mean([1, 2])
        expected: 1
        got: 1.5
        at: calc.py:7
        code: calc.py:4: def mean(values):
        """#),
    DigestFixture(
      name: "pytest-doctest", kind: .pytest, test: "calc.py::calc.table",
      text: #"""
        FAIL calc.py::calc.table
          call: print(table([("a", 1), ("b", 2)]))
          expected: a 1 | b 2 | <BLANKLINE>
          got: a: 1 | b: 2
          at: calc.py:22
          code: calc.py:19: def table(rows):
        """#,
      tight: #"""
        call: print(table([("a", 1), ("b", 2)]))
        expected: a 1 | b 2 | <BLANKLINE>
        got: a: 1 | b: 2
        at: calc.py:22
        code: calc.py:19: def table(rows):
        """#),
  ]
}
