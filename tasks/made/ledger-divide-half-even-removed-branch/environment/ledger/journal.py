"""The journal: entries, and the balance of each account."""

from dataclasses import dataclass
from datetime import date

from .money import Money


class LedgerError(ValueError):
    """An entry that cannot be posted."""


@dataclass(frozen=True)
class Entry:
    number: int
    day: date
    memo: str
    postings: tuple  # pairs of account name and Money


class Journal:
    def __init__(self):
        self.entries = []
        self._balances = {}

    def post(self, day, memo, postings):
        """Record an entry whose amounts add up to zero and return it."""
        total = sum(amount.cents for _, amount in postings)
        if total != 0:
            raise LedgerError(f"{memo}: amounts are off by {Money(total)}")
        for account, amount in postings:
            self._balances[account] = self.balance(account) + amount
        entry = Entry(len(self.entries) + 1, day, memo, tuple(postings))
        self.entries.append(entry)
        return entry

    def balance(self, account):
        """Sum of all postings to the account."""
        return self._balances.get(account, Money(0))

    def accounts(self):
        """Names of the accounts that were posted to, sorted."""
        return sorted(self._balances)

    def recent(self, count):
        """The newest entries first."""
        newest = sorted(self.entries, key=lambda e: (e.day, e.number), reverse=True)
        return newest[:count]
