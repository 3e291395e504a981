from journal import Writer, read

from .support import JournalTestCase


class WriterTests(JournalTestCase):
    def test_numbers_count_up(self):
        with Writer(self.path) as writer:
            self.assertEqual(writer.append("a"), 1)
            self.assertEqual(writer.append("b"), 2)

    def test_numbers_go_on_in_an_existing_file(self):
        with Writer(self.path) as writer:
            writer.append("a")
        with Writer(self.path) as writer:
            self.assertEqual(writer.append("b"), 2)

    def test_unfinished_line_is_removed(self):
        with Writer(self.path) as writer:
            writer.append("a")
        self.add_text("12ab")
        with Writer(self.path) as writer:
            writer.append("b")
        self.assertEqual([entry["kind"] for entry in read(self.path)], ["a", "b"])
