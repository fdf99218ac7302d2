"""What the machine can do: a plain ledger of two tables, written by Django's ORM, for `bench.posting` to measure by.

Entries of an entity, a date and words, with postings of 2.3 on average; no guard, no chain, no balances. The machine for
which the promises were written down writes as many of them a second as `bench.posting.KNOWN` says. ``bulk|one MANY``.
"""

# ruff: noqa: DJ008 - nobody reads these rows.

import os
import sys
from pathlib import Path

from bench import lib
from bench.books.entries import ACCOUNTS, FIRST, Entry, serve

lib.django_for(Path(os.environ["DATA_DIR"]), migrate=False)

from django.db import connection, models, transaction  # noqa: E402
from django.db.models import Sum  # noqa: E402

BATCH = 2_000
"""Rows of one INSERT in bulk."""


class _Plain(models.Model):
    """What every table here is: of no app's migrations."""

    class Meta:
        app_label = "portfolio"
        abstract = True
        managed = False


class PlainEntity(_Plain):
    """Whose books."""

    name = models.CharField(max_length=80)


class PlainAccount(_Plain):
    """Where a posting goes."""

    entity = models.ForeignKey(PlainEntity, models.CASCADE)
    name = models.CharField(max_length=80)


class PlainEntry(_Plain):
    """A date and words."""

    entity = models.ForeignKey(PlainEntity, models.CASCADE)
    date = models.DateField(db_index=True)
    memo = models.CharField(max_length=200)


class PlainPosting(_Plain):
    """One line of an entry."""

    entry = models.ForeignKey(PlainEntry, models.CASCADE)
    account = models.ForeignKey(PlainAccount, models.CASCADE)
    entity = models.ForeignKey(PlainEntity, models.CASCADE)
    date = models.DateField()
    cents = models.BigIntegerField()


TABLES = (PlainEntity, PlainAccount, PlainEntry, PlainPosting)


def _legs(entry: Entry) -> list[tuple[int, int]]:
    """Return (account, cents) of an entry's lines: four in one of ten, three in another, else two."""
    lines = {0: 4, 1: 3}.get(entry.cents % 10, 2)
    others = [((entry.credit + at) % ACCOUNTS + 1, 1) for at in range(lines - 2)]
    return [(entry.debit + 1, entry.cents), (entry.credit + 1, -entry.cents - len(others)), *others]


def _posting(row: PlainEntry, account: int, cents: int) -> PlainPosting:
    return PlainPosting(entry=row, account_id=account, entity_id=1, date=row.date, cents=cents)


def _bulk(asked: list[Entry]) -> None:
    with transaction.atomic():
        legs = [_legs(entry) for entry in asked]
        if any(sum(cents for _, cents in lines) for lines in legs):
            raise ValueError("An entry does not add up to zero.")
        rows = PlainEntry.objects.bulk_create(
            [PlainEntry(entity_id=1, date=entry.on, memo=entry.memo) for entry in asked], batch_size=BATCH
        )
        PlainPosting.objects.bulk_create(
            [
                _posting(row, account, cents)
                for row, lines in zip(rows, legs, strict=True)
                for account, cents in lines
            ],
            batch_size=BATCH,
        )


def _one(asked: list[Entry]) -> None:
    for entry in asked:
        with transaction.atomic():
            lines = _legs(entry)
            if sum(cents for _, cents in lines):
                raise ValueError("An entry does not add up to zero.")
            row = PlainEntry.objects.create(entity_id=1, date=entry.on, memo=entry.memo)
            PlainPosting.objects.bulk_create([_posting(row, account, cents) for account, cents in lines])


def _check(many: int) -> str:
    count, total = PlainEntry.objects.count(), PlainPosting.objects.aggregate(total=Sum("cents"))["total"]
    return "" if (count, total) == (many, 0) else f"{count} plain entries add up to {total}"


def main() -> None:
    """Make the tables, then do what is asked."""
    with connection.schema_editor() as editor:
        for model in TABLES:
            editor.create_model(model)
    PlainEntity.objects.create(name=f"Since {FIRST}")
    PlainAccount.objects.bulk_create(
        [PlainAccount(entity_id=1, name=str(number)) for number in range(ACCOUNTS)]
    )
    serve({"bulk": _bulk, "one": _one}[sys.argv[1]], _check, int(sys.argv[2]))


if __name__ == "__main__":
    main()
