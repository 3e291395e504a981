import unittest
from datetime import date

from ledger import Journal, LedgerError, Money

DAY = date(2023, 1, 31)


class RefusedEntryTests(unittest.TestCase):
    def setUp(self):
        self.journal = Journal()
        self.journal.post(DAY, "start", [("bank", Money(900)), ("equity", Money(-900))])

    def refuse(self, postings):
        with self.assertRaises(LedgerError):
            self.journal.post(DAY, "bad", postings)

    def test_balances_stay(self):
        self.refuse([("bank", Money(-100)), ("shop", Money(99))])
        self.assertEqual(self.journal.balance("bank"), Money(900))
        self.assertEqual(self.journal.balance("shop"), Money(0))

    def test_no_account_is_created(self):
        self.refuse([("nowhere", Money(1))])
        self.assertEqual(self.journal.accounts(), ["bank", "equity"])

    def test_corrected_entry_counts_once(self):
        self.refuse([("bank", Money(-100)), ("shop", Money(10))])
        self.journal.post(DAY, "good", [("bank", Money(-100)), ("shop", Money(100))])
        self.assertEqual(self.journal.balance("bank"), Money(800))
        self.assertEqual(self.journal.balance("shop"), Money(100))

    def test_entries_stay(self):
        self.refuse([("bank", Money(1))])
        self.assertEqual(len(self.journal.entries), 1)

    def test_error_names_the_difference(self):
        with self.assertRaisesRegex(LedgerError, "bad: amounts are off by -0.25"):
            self.journal.post(DAY, "bad", [("a", Money(75)), ("b", Money(-100))])

    def test_same_account_twice_in_an_entry(self):
        self.journal.post(DAY, "x", [("a", Money(3)), ("a", Money(4)), ("b", Money(-7))])
        self.assertEqual(self.journal.balance("a"), Money(7))
