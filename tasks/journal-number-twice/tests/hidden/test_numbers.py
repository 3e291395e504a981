from journal import Store, Writer, read
from tests.support import JournalTestCase


class NumberTests(JournalTestCase):
    def write(self, count):
        with Writer(self.path) as writer:
            return [writer.append("tick") for _ in range(count)]

    def test_three_sessions(self):
        self.assertEqual(self.write(2) + self.write(3) + self.write(1), [1, 2, 3, 4, 5, 6])

    def test_after_an_unfinished_line(self):
        self.write(4)
        self.add_text("00ff")
        self.assertEqual(self.write(1), [5])

    def test_store_numbers_its_history(self):
        store = Store(self.path)
        for value in "abc":
            store.set("letter", value)
        self.assertEqual([entry["number"] for entry in read(self.path)], [1, 2, 3])

    def test_one_session(self):
        self.assertEqual(self.write(3), [1, 2, 3])

    def test_session_without_entries(self):
        self.write(0)
        self.assertEqual(self.write(2), [1, 2])

    def test_only_an_unfinished_line(self):
        self.add_text("00ff")
        self.assertEqual(self.write(1), [1])
