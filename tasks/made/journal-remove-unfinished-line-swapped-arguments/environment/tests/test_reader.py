from journal import DamagedRecord, Writer, count_kinds, read

from .support import JournalTestCase


class ReaderTests(JournalTestCase):
    def setUp(self):
        super().setUp()
        with Writer(self.path) as writer:
            writer.append("open", door=1)
            writer.append("close", door=1)
            writer.append("open", door=2)

    def test_entries_in_order(self):
        self.assertEqual([entry["number"] for entry in read(self.path)], [1, 2, 3])

    def test_count_kinds(self):
        self.assertEqual(count_kinds(self.path), {"open": 2, "close": 1})

    def test_unfinished_last_line_is_skipped(self):
        self.add_text('1234abcd {"kind": "op')
        self.assertEqual(len(read(self.path)), 3)

    def test_damaged_line_is_an_error(self):
        self.add_text("this is no record\n")
        with Writer(self.path + ".other") as writer:
            writer.append("close", door=2)
        with open(self.path + ".other", encoding="utf-8") as other:
            self.add_text(other.read())
        with self.assertRaises(DamagedRecord):
            read(self.path)

    def test_file_is_closed_after_reading(self):
        read(self.path)
        self.assertEqual(self.unclosed_files(), [])
