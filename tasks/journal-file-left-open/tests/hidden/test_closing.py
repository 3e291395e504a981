from journal import DamagedRecord, Store, Writer, count_kinds, read
from tests.support import JournalTestCase


class ClosingTests(JournalTestCase):
    def write(self, *kinds):
        with Writer(self.path) as writer:
            for kind in kinds:
                writer.append(kind)

    def test_count_kinds_closes(self):
        self.write("a", "b")
        count_kinds(self.path)
        self.assertEqual(self.unclosed_files(), [])

    def test_damaged_file_is_closed(self):
        self.add_text("this is no record\n")
        with self.assertRaises(DamagedRecord):
            read(self.path)
        self.assertEqual(self.unclosed_files(), [])

    def test_reopened_writer_closes(self):
        self.write("a")
        self.write("b")
        self.assertEqual(self.unclosed_files(), [])

    def test_store_closes(self):
        store = Store(self.path)
        store.set("x", 1)
        self.assertEqual(store.get("x"), 1)
        self.assertEqual(self.unclosed_files(), [])

    def test_entries_are_complete(self):
        self.write("a", "b", "a")
        self.assertEqual([entry["kind"] for entry in read(self.path)], ["a", "b", "a"])

    def test_missing_file_is_empty(self):
        self.assertEqual(read(self.path), [])

    def test_counts(self):
        self.write("a", "b", "a")
        self.assertEqual(count_kinds(self.path), {"a": 2, "b": 1})
