import unittest

import calc


class CalcTests(unittest.TestCase):
    def test_equal(self):
        self.assertEqual(calc.mean([1, 2]), 2)

    def test_literal_first(self):
        self.assertEqual([1.5], [calc.mean([2, 4])])

    def test_variable(self):
        result = calc.mean([1, 2])
        self.assertEqual(result, 2, "of two numbers")

    def test_several_lines(self):
        self.assertEqual(
            calc.mean([1, 2, 3, 4]),
            3,
        )

    def test_error(self):
        self.assertEqual(calc.mean([]), 0)

    def test_text(self):
        self.assertEqual(calc.table([("a", 1), ("b", 2), ("c", 3)]), "a: 1\nb 2\nc: 3")

    def test_long_list(self):
        self.assertEqual(calc.squares(40), [n * n for n in range(40)])

    def test_dict(self):
        self.assertEqual(
            calc.settings("x"),
            {"name": "x", "retries": 5, "hosts": ["a.example", "b.example"], "debug": True})

    def test_in(self):
        self.assertIn("z", calc.table([("a", 1)]))

    def test_true(self):
        self.assertTrue(calc.mean([0, 0]))

    def test_raises(self):
        with self.assertRaises(ValueError):
            calc.mean([1])

    def test_almost(self):
        self.assertAlmostEqual(calc.mean([1, 2]), 1.6)

    def test_chain(self):
        calc.lookup({}, "key")

    def test_handling(self):
        calc.tidy("x")

    def test_group(self):
        calc.collect([lambda: calc.mean([]), lambda: int("x")])

    def test_subtests(self):
        for count in [1, 8, 9]:
            with self.subTest(count=count):
                self.assertEqual(calc.squares(count)[-1], (count - 1) ** 2)

    def test_own_assert(self):
        calc.check([1])

    def test_passes(self):
        self.assertEqual(calc.mean([3]), 3)


class SetUpTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        calc.mean([])

    def test_a(self):
        pass
