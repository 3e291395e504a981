import unittest
from datetime import date

from ledger import Journal, Money


class RecentTests(unittest.TestCase):
    def journal(self, *entries):
        journal = Journal()
        for day, memo in entries:
            journal.post(date(2022, 6, day), memo, [("a", Money(1)), ("b", Money(-1))])
        return journal

    def memos(self, journal, count):
        return [entry.memo for entry in journal.recent(count)]

    def test_three_entries_of_a_day(self):
        journal = self.journal((1, "a"), (1, "b"), (1, "c"))
        self.assertEqual(self.memos(journal, 3), ["c", "b", "a"])

    def test_the_single_newest(self):
        journal = self.journal((2, "first"), (2, "last"), (1, "older"))
        self.assertEqual(self.memos(journal, 1), ["last"])

    def test_days_and_numbers_mixed(self):
        journal = self.journal((3, "a"), (1, "b"), (3, "c"), (2, "d"), (1, "e"))
        self.assertEqual(self.memos(journal, 5), ["c", "a", "d", "e", "b"])

    def test_more_than_nine_entries(self):
        journal = self.journal(*[(4, str(n)) for n in range(12)])
        self.assertEqual(self.memos(journal, 3), ["11", "10", "9"])

    def test_newest_day_first(self):
        journal = self.journal((1, "a"), (3, "c"), (2, "b"))
        self.assertEqual(self.memos(journal, 10), ["c", "b", "a"])

    def test_journal_keeps_its_own_order(self):
        journal = self.journal((1, "a"), (2, "b"))
        journal.recent(2)
        self.assertEqual([entry.memo for entry in journal.entries], ["a", "b"])

    def test_empty_journal(self):
        self.assertEqual(Journal().recent(3), [])
