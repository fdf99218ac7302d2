"""What the sample's people said of expenses when they looked through them, and from which sum a payment needs a receipt.

Two domains bought alike are no duplicate; a lunch was private; the lender proves interest once a year. West Marine charged
twice, a day apart, and nobody has said anything of that yet.
"""

import datetime as dt

from portfolio.domain import expenses
from portfolio.models import Assumption, EntryState, FlagKind, JournalEntry

# entity, day, words of the entry, which of several such, what is said of it, and why
SAID = (
    ("dc", dt.date(2026, 8, 17), "DOMAIN RENEWAL", -1, FlagKind.DUPLICATE_OK, "Two domains, one order each"),
    ("dc", dt.date(2026, 10, 14), "CAFE MORENO", 0, FlagKind.PERSONAL, "Lunch with family on the company card"),
    (
        "rental-3028", dt.date(2026, 10, 1), "MORTGAGE INTEREST LOAN 7731", 0, FlagKind.RECEIPT_NOT_NEEDED,
        "The lender’s yearly statement proves it",
    ),
)  # fmt: skip


def load(*, at: dt.datetime) -> None:
    """Say it, and write the sum down; inside the caller's transaction."""
    Assumption.objects.create(
        key="receipt-from-minor",
        effective_on=dt.date(2025, 11, 1),
        value=expenses.RECEIPT_FROM_MINOR,
        unit="cents",
        note="A payment needs a receipt from $250 on.",
        source="Owner, with the checklist of the close",
    )
    for slug, on, words, which, kind, note in SAID:
        alike = JournalEntry.objects.filter(
            entity__slug=slug, on=on, memo=words, state=EntryState.POSTED
        ).select_related("entity")
        entry = list(alike.order_by("pk"))[which]
        expenses.flag(entry=entry, kind=kind, note=note, by=None, at=at)
