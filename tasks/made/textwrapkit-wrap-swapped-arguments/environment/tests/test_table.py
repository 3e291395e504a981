import unittest

from textwrapkit import format_table


class TableTests(unittest.TestCase):
    def test_columns_line_up(self):
        text = format_table([["ann", 3], ["robert", 12]], ["name", "age"])
        self.assertEqual(text, "name    age\n------  ---\nann     3\nrobert  12")

    def test_short_row_is_filled(self):
        text = format_table([["ann"]], ["name", "age"])
        self.assertEqual(text.splitlines()[-1], "ann")

    def test_rows_are_not_changed(self):
        rows = [["ann"], ["robert", 12]]
        format_table(rows, ["name", "age"])
        self.assertEqual(rows, [["ann"], ["robert", 12]])

    def test_too_many_cells(self):
        with self.assertRaises(ValueError):
            format_table([["a", "b"]], ["one"])
