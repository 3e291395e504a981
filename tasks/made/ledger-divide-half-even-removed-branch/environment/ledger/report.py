"""Reports in plain text."""

from .money import Money


def statement(journal, account):
    """One line for each posting to the account, by day, with the balance after it."""
    balance = Money(0)
    lines = []
    for entry in sorted(journal.entries, key=lambda e: e.day):
        for name, amount in entry.postings:
            if name == account:
                balance += amount
                lines.append(f"{entry.day}  {entry.memo:<16}{amount!s:>10}{balance!s:>10}")
    return lines
