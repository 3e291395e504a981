import unittest

from textwrapkit import format_table
from textwrapkit.table import normalise


class RowTests(unittest.TestCase):
    def test_rows_keep_their_length(self):
        rows = [[], ["x"], ["x", "y"]]
        format_table(rows, ["a", "b", "c"])
        self.assertEqual([len(row) for row in rows], [0, 1, 2])

    def test_short_tuples_are_rows_too(self):
        text = format_table([("ann",), ("bob", 7)], ["name", "age"])
        self.assertEqual(text.splitlines()[2:], ["ann", "bob   7"])

    def test_same_rows_under_fewer_headers_afterwards(self):
        rows = [["ann"]]
        format_table(rows, ["name", "age"])
        self.assertEqual(format_table(rows, ["name"]), "name\n----\nann")

    def test_short_rows_are_filled(self):
        self.assertEqual(normalise([["a"], []], 2), [["a", ""], ["", ""]])

    def test_numbers_become_text(self):
        self.assertEqual(normalise([[1, 2.5]], 2), [["1", "2.5"]])

    def test_too_many_cells(self):
        with self.assertRaises(ValueError):
            format_table([[1, 2, 3]], ["a", "b"])
