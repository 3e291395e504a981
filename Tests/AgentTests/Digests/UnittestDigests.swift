import Agent

/// What `python3 -m unittest -v` of Python 3.11 printed about `Tests/Fixtures/failures/sources`.
enum UnittestDigests {
  static let all: [DigestFixture] = [
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_almost",
      text: #"""
        FAIL test_calc.CalcTests.test_almost
          call: calc.mean([1, 2])
          expected: 1.6
          got: 1.5
          code: calc.py:4: def mean(values):
          test: test_calc.py:48, in test_almost
        """#,
      tight: #"""
        call: calc.mean([1, 2])
        expected: 1.6
        got: 1.5
        code: calc.py:4: def mean(values):
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_chain",
      text: #"""
        ERROR test_calc.CalcTests.test_chain
          call: calc.lookup({}, "key")
          error: LookupError: no entry key
          at: calc.py:43, in lookup: raise LookupError(f"no entry {key}") from error
          after: KeyError: 'key'
          test: test_calc.py:51, in test_chain
        """#,
      tight: #"""
        call: calc.lookup({}, "key")
        error: LookupError: no entry key
        at: calc.py:43, in lookup: raise LookupError(f"no entry {key}") from error
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_dict",
      text: #"""
        FAIL test_calc.CalcTests.test_dict
          call: calc.settings("x")
          expected: {'name': 'x', 'retries': 5, 'hosts': ['a.example', 'b.example'], 'debug': True}
          got: {'name': 'x', 'retries': 3, 'hosts': ['a.example', 'b.example'], 'debug': True}
          code: calc.py:35: def settings(name):
          test: test_calc.py:33, in test_dict
        """#,
      tight: #"""
        call: calc.settings("x")
        expected: …': 'x', 'retries': 5, 'hosts': ['a.exa…
        got: …': 'x', 'retries': 3, 'hosts': ['a.exa…
        code: calc.py:35: def settings(name):
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_equal",
      text: #"""
        FAIL test_calc.CalcTests.test_equal
          call: calc.mean([1, 2])
          expected: 2
          got: 1.5
          code: calc.py:4: def mean(values):
          test: test_calc.py:8, in test_equal
        """#,
      tight: #"""
        call: calc.mean([1, 2])
        expected: 2
        got: 1.5
        code: calc.py:4: def mean(values):
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_error",
      text: #"""
        ERROR test_calc.CalcTests.test_error
          call: calc.mean([])
          expected: 0
          error: ZeroDivisionError: division by zero
          at: calc.py:16, in mean: return sum(values) / len(values)
          test: test_calc.py:24, in test_error
        """#,
      tight: #"""
        call: calc.mean([])
        expected: 0
        error: ZeroDivisionError: division by zero
        at: calc.py:16, in mean: return sum(values) / len(values)
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_group",
      text: #"""
        ERROR test_calc.CalcTests.test_group
          call: calc.collect([lambda: calc.mean([]), lambda: int("x")])
          error: ZeroDivisionError: division by zero
          at: calc.py:16, in mean: return sum(values) / len(values)
          test: test_calc.py:57, in <lambda>
        """#,
      tight: #"""
        call: calc.collect([lambda: calc.mean([]), lambda: int("x"…
        error: ZeroDivisionError: division by zero
        at: calc.py:16, in mean: return sum(values) / len(values)
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_handling",
      text: #"""
        ERROR test_calc.CalcTests.test_handling
          call: calc.tidy("x")
          error: AttributeError: 'str' object has no attribute 'missing'
          at: calc.py:50, in tidy: return text.missing
          after: ValueError: invalid literal for int() with base 10: 'x'
          test: test_calc.py:54, in test_handling
        """#,
      tight: #"""
        call: calc.tidy("x")
        error: AttributeError: 'str' object has no attribute 'missing'
        at: calc.py:50, in tidy: return text.missing
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_in",
      text: #"""
        FAIL test_calc.CalcTests.test_in
          call: calc.table([("a", 1)])
          error: AssertionError: 'z' not found in 'a: 1'
          code: calc.py:19: def table(rows):
          test: test_calc.py:38, in test_in
        """#,
      tight: #"""
        call: calc.table([("a", 1)])
        error: AssertionError: 'z' not found in 'a: 1'
        code: calc.py:19: def table(rows):
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_literal_first",
      text: #"""
        FAIL test_calc.CalcTests.test_literal_first
          call: [calc.mean([2, 4])]
          expected: [1.5]
          got: [3.0]
          code: calc.py:4: def mean(values):
          test: test_calc.py:11, in test_literal_first
        """#,
      tight: #"""
        call: [calc.mean([2, 4])]
        expected: [1.5]
        got: [3.0]
        code: calc.py:4: def mean(values):
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_long_list",
      text: #"""
        FAIL test_calc.CalcTests.test_long_list
          call: calc.squares(40)
          expected: 49
          got: 50
          difference: at index 7
          code: calc.py:31: def squares(count):
          test: test_calc.py:30, in test_long_list
        """#,
      tight: #"""
        call: calc.squares(40)
        expected: 49
        got: 50
        difference: at index 7
        code: calc.py:31: def squares(count):
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_own_assert",
      text: #"""
        FAIL test_calc.CalcTests.test_own_assert
          call: calc.check([1])
          error: AssertionError: too few
          at: calc.py:72, in check: assert len(values) > 1, "too few"
          test: test_calc.py:65, in test_own_assert
        """#,
      tight: #"""
        call: calc.check([1])
        error: AssertionError: too few
        at: calc.py:72, in check: assert len(values) > 1, "too few"
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_raises",
      text: #"""
        FAIL test_calc.CalcTests.test_raises
          error: AssertionError: ValueError not raised
          test: test_calc.py:44, in test_raises: with self.assertRaises(ValueError):
        """#,
      tight: #"""
        error: AssertionError: ValueError not raised
        test: test_calc.py:44, in test_raises: with self.assertRaises(ValueError):
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_several_lines",
      text: #"""
        FAIL test_calc.CalcTests.test_several_lines
          call: calc.mean([1, 2, 3, 4])
          expected: 3
          got: 2.5
          code: calc.py:4: def mean(values):
          test: test_calc.py:18, in test_several_lines
        """#,
      tight: #"""
        call: calc.mean([1, 2, 3, 4])
        expected: 3
        got: 2.5
        code: calc.py:4: def mean(values):
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_subtests",
      text: #"""
        FAIL test_calc.CalcTests.test_subtests
          call: calc.squares(count)[-1]
          with: (count=8)
          expected: 49
          got: 50
          code: calc.py:31: def squares(count):
          test: test_calc.py:62, in test_subtests
        """#,
      tight: #"""
        call: calc.squares(count)[-1]
        with: (count=8)
        expected: 49
        got: 50
        code: calc.py:31: def squares(count):
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_text",
      text: #"""
        FAIL test_calc.CalcTests.test_text
          call: calc.table([("a", 1), ("b", 2), ("c", 3)])
          expected: 'a: 1\nb 2\nc: 3'
          got: 'a: 1\nb: 2\nc: 3'
          code: calc.py:19: def table(rows):
          test: test_calc.py:27, in test_text
        """#,
      tight: #"""
        call: calc.table([("a", 1), ("b", 2), ("c", 3)])
        expected: 'a: 1\nb 2\nc: 3'
        got: 'a: 1\nb: 2\nc: 3'
        code: calc.py:19: def table(rows):
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_true",
      text: #"""
        FAIL test_calc.CalcTests.test_true
          call: calc.mean([0, 0])
          error: AssertionError: 0.0 is not true
          code: calc.py:4: def mean(values):
          test: test_calc.py:41, in test_true
        """#,
      tight: #"""
        call: calc.mean([0, 0])
        error: AssertionError: 0.0 is not true
        code: calc.py:4: def mean(values):
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "test_calc.CalcTests.test_variable",
      text: #"""
        FAIL test_calc.CalcTests.test_variable
          expected: 2
          got: 1.5
          note: of two numbers
          test: test_calc.py:15, in test_variable: self.assertEqual(result, 2, "of two numbers")
        """#,
      tight: #"""
        expected: 2
        got: 1.5
        test: test_calc.py:15, in test_variable: self.assertEqual(result, 2, "of two numbers")
        """#),
    DigestFixture(
      name: "unittest", kind: .unittest, test: "setUpClass (test_calc.SetUpTests)",
      text: #"""
        ERROR setUpClass (test_calc.SetUpTests)
          call: calc.mean([])
          error: ZeroDivisionError: division by zero
          at: calc.py:16, in mean: return sum(values) / len(values)
          test: test_calc.py:74, in setUpClass
        """#,
      tight: #"""
        call: calc.mean([])
        error: ZeroDivisionError: division by zero
        at: calc.py:16, in mean: return sum(values) / len(values)
        """#),
    DigestFixture(
      name: "unittest-deep", kind: .unittest, test: "test_deep.DeepTests.test_recursion",
      text: #"""
        ERROR test_deep.DeepTests.test_recursion
          call: calc.is_even(7)
          error: RecursionError: maximum recursion depth exceeded
          at: calc.py:58, in is_odd: return is_even(n - 1)
          test: test_deep.py:8, in test_recursion
        """#,
      tight: #"""
        call: calc.is_even(7)
        error: RecursionError: maximum recursion depth exceeded
        at: calc.py:58, in is_odd: return is_even(n - 1)
        """#),
    DigestFixture(
      name: "unittest-module", kind: .unittest, test: "test_module.ModuleTests.test_a",
      text: #"""
        ERROR test_module.ModuleTests.test_a
          call: calc.lookup({"a": 1}, "b")
          error: LookupError: no entry b
          at: calc.py:43, in lookup: raise LookupError(f"no entry {key}") from error
          after: KeyError: 'b'
          test: test_module.py:7, in setUpModule
        """#,
      tight: #"""
        call: calc.lookup({"a": 1}, "b")
        error: LookupError: no entry b
        at: calc.py:43, in lookup: raise LookupError(f"no entry {key}") from error
        """#),
    DigestFixture(
      name: "unittest-import", kind: .unittest, test: "test_import.ImportTests.test_median",
      text: #"""
        ERROR test_import.ImportTests.test_median
          error: ImportError: cannot import name 'median' from 'calc' (/workspace/calc.py)
          test: test_import.py:3: from calc import median
        """#,
      tight: #"""
        error: ImportError: cannot import name 'median' from 'calc' (/workspace/calc.py)
        test: test_import.py:3: from calc import median
        """#),
    DigestFixture(
      name: "unittest-syntax", kind: .unittest,
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
      name: "unittest-doctest", kind: .unittest, test: "calc.mean",
      text: #"""
        FAIL calc.mean
          call: mean([1, 2])
          expected: 1
          got: 1.5
          at: calc.py:7, in calc.mean
          code: calc.py:4: def mean(values):
          more: 2 others
        """#,
      tight: #"""
        call: mean([1, 2])
        expected: 1
        got: 1.5
        at: calc.py:7, in calc.mean
        code: calc.py:4: def mean(values):
        """#),
    DigestFixture(
      name: "unittest-doctest", kind: .unittest, test: "calc.table",
      text: #"""
        FAIL calc.table
          call: print(table([("a", 1), ("b", 2)]))
          expected: a 1 | b 2 | <BLANKLINE>
          got: a: 1 | b: 2
          at: calc.py:22, in calc.table
          code: calc.py:19: def table(rows):
          more: 1 other
        """#,
      tight: #"""
        call: print(table([("a", 1), ("b", 2)]))
        expected: a 1 | b 2 | <BLANKLINE>
        got: a: 1 | b: 2
        at: calc.py:22, in calc.table
        code: calc.py:19: def table(rows):
        """#),
    DigestFixture(
      name: "unittest-timeout", kind: .unittest,
      notes: ["The tests did not finish within 2 seconds."],
      text: #"""
        The tests did not finish within 2 seconds.
        test_slow.SlowTests.test_loops was running.
        """#,
      tight: #"""
        The tests did not finish within 2 seconds. test_slow.SlowTests.test_loops was running.
        """#),
    DigestFixture(
      name: "unittest-crash", kind: .unittest, ending: "signal 11 (segmentation fault)",
      text: #"""
        test_crash.CrashTests.test_null was running.
        error: Fatal Python error: Segmentation fault
        at: crash.py:5, in read_null: return ctypes.string_at(0)
        test: test_crash.py:11, in test_null
        """#,
      tight: #"""
        test_crash.CrashTests.test_null was running.
        error: Fatal Python error: Segmentation…
        at: crash.py:5, in read_null: return…
        test: test_crash.py:11, in test_null
        """#),
    DigestFixture(
      name: "unittest-noise", kind: .unittest, test: "test_noise.NoiseTests.test_noise",
      text: #"""
        FAIL test_noise.NoiseTests.test_noise
          call: calc.mean([1, 2])
          expected: 2
          got: 1.5
          code: calc.py:4: def mean(values):
          test: test_noise.py:10, in test_noise
        """#,
      tight: #"""
        call: calc.mean([1, 2])
        expected: 2
        got: 1.5
        code: calc.py:4: def mean(values):
        """#),
  ]
}
