import unittest

from journal.record import DamagedRecord, decode, encode


class RecordTests(unittest.TestCase):
    def test_round_trip(self):
        entry = {"number": 1, "kind": "note", "data": {"text": "é\n"}}
        self.assertEqual(decode(encode(entry)), entry)

    def test_changed_line_is_damaged(self):
        line = encode({"kind": "paid"}).replace("paid", "owed")
        with self.assertRaises(DamagedRecord):
            decode(line)
