import unittest
from datetime import date

from ledger import Journal, LedgerError, Money, statement

MONDAY, TUESDAY = date(2024, 3, 4), date(2024, 3, 5)


def transfer(source, target, cents):
    return [(source, Money(-cents)), (target, Money(cents))]


class JournalTests(unittest.TestCase):
    def setUp(self):
        self.journal = Journal()

    def test_balances(self):
        self.journal.post(MONDAY, "rent", transfer("bank", "rent", 500))
        self.journal.post(TUESDAY, "food", transfer("bank", "food", 20))
        self.assertEqual(self.journal.balance("bank"), Money(-520))
        self.assertEqual(self.journal.accounts(), ["bank", "food", "rent"])

    def test_unbalanced_entry_is_refused(self):
        with self.assertRaises(LedgerError):
            self.journal.post(MONDAY, "typo", [("bank", Money(-5)), ("food", Money(6))])

    def test_refused_entry_changes_nothing(self):
        with self.assertRaises(LedgerError):
            self.journal.post(MONDAY, "typo", [("bank", Money(-5)), ("food", Money(6))])
        self.assertEqual(self.journal.entries, [])
        self.assertEqual(self.journal.balance("bank"), Money(0))

    def test_recent_lists_newest_day_first(self):
        self.journal.post(TUESDAY, "food", transfer("bank", "food", 20))
        self.journal.post(MONDAY, "rent", transfer("bank", "rent", 500))
        self.assertEqual([e.memo for e in self.journal.recent(2)], ["food", "rent"])

    def test_recent_lists_later_entry_of_a_day_first(self):
        self.journal.post(MONDAY, "one", transfer("bank", "food", 1))
        self.journal.post(MONDAY, "two", transfer("bank", "food", 2))
        self.assertEqual([e.memo for e in self.journal.recent(2)], ["two", "one"])


class StatementTests(unittest.TestCase):
    def test_running_balance(self):
        journal = Journal()
        journal.post(TUESDAY, "food", transfer("bank", "food", 250))
        journal.post(MONDAY, "pay", transfer("work", "bank", 1000))
        self.assertEqual(
            statement(journal, "bank"),
            [
                "2024-03-04  pay                  10.00     10.00",
                "2024-03-05  food                 -2.50      7.50",
            ],
        )
