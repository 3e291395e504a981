from journal import DamagedRecord, Writer, count_kinds, read
from journal.record import encode
from tests.support import JournalTestCase


class DamageTests(JournalTestCase):
    def setUp(self):
        super().setUp()
        with Writer(self.path) as writer:
            writer.append("first")
            writer.append("second")

    def change(self, old, new):
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))

    def test_first_line_changed(self):
        self.change("first", "worst")
        with self.assertRaises(DamagedRecord):
            read(self.path)

    def test_complete_last_line_changed(self):
        self.change("second", "minute")
        with self.assertRaises(DamagedRecord):
            count_kinds(self.path)

    def test_empty_line_in_the_middle(self):
        self.add_text("\n" + encode({"number": 3, "kind": "third", "data": {}}))
        with self.assertRaises(DamagedRecord):
            read(self.path)

    def test_line_cut_short_is_skipped(self):
        self.add_text(encode({"number": 3, "kind": "third", "data": {}})[:-5])
        self.assertEqual([entry["number"] for entry in read(self.path)], [1, 2])

    def test_letter_cut_in_two_is_skipped(self):
        line = encode({"number": 3, "kind": "café", "data": {}}).encode("utf-8")
        with open(self.path, "ab") as file:
            file.write(line[:line.index(b"\xc3") + 1])
        self.assertEqual(len(read(self.path)), 2)

    def test_undamaged(self):
        self.assertEqual([entry["kind"] for entry in read(self.path)], ["first", "second"])
