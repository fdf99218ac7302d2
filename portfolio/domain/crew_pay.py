"""What the crew of a service earned: owed in the books from its completion, paid when somebody says so.

Each position is one row of `CrewPay` under the portal's own key, with the entry that made it a cost of the booking. A row
whose amount or person changed is reversed and written anew; a paid one stays.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q

from core import audit, months
from portfolio.domain import landing, ledger, taken_back, told
from portfolio.domain.accounts import Accounts
from portfolio.models import (
    Account,
    AccountRole,
    Booking,
    CrewPay,
    CrewPayUndone,
    Entity,
    EntrySource,
    ImportedLine,
    JournalEntry,
)

# Crew and labour shares its role with other direct costs, so it is known by its code in the chart.
CREW = "5100"


class CrewPayRefusedError(Exception):
    """Crew pay cannot be posted as asked; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Earned:
    """What one person earned by one position of an event; ``key`` names the position, ``person_key`` the person."""

    key: str
    person: str
    person_key: str
    amount_minor: int


Source = Callable[[str], Sequence[Earned]]

_sources: list[Source] = []


def register(source: Source) -> Source:
    """Ask this source what the crew of an event earned, by the event's key."""
    if source not in _sources:
        _sources.append(source)
    return source


def earned_on(*, event_key: str) -> list[Earned]:
    """Return what the crew of an event earned; nothing where nobody says so."""
    return [row for source in _sources for row in source(event_key)]


def banks(*, entity_ids: Collection[int]) -> dict[int, list[Account]]:
    """Return by entity the bank accounts that pay may go out of, for those that keep several; one query."""
    found: dict[int, list[Account]] = defaultdict(list)
    for account in Account.objects.filter(
        entity__in=entity_ids, active=True, role=AccountRole.CASH
    ).select_related("entity"):
        found[account.entity_id].append(account)
    return {pk: accounts for pk, accounts in found.items() if len(accounts) > 1}


def accrue(
    *,
    entity: Entity,
    key: str,
    person: str,
    person_key: str,
    on: dt.date,
    amount_minor: int,
    booking: Booking | None,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> CrewPay:
    """Owe somebody what a position earned, as a direct cost of the booking; asked again with the same, it is owed once.

    Where the amount, the person or the booking has changed, the row is reversed and written anew. Whoever owes several
    locks them all first (`lock`).

    Raises:
        CrewPayRefusedError: it was paid in another amount or to somebody else.
        portfolio.domain.ledger.LedgerError: the month is closed, or an account is missing.
    """
    with transaction.atomic():
        standing = _standing(entity, [key]).get(key)
        if standing is not None:
            same = (standing.person_key, standing.amount_minor) == (person_key, amount_minor)
            if standing.paid_on is not None or (same and standing.booking == booking):
                if not same:
                    raise CrewPayRefusedError(
                        f"Pay of {standing.person} of {months.spelled(standing.on)} is paid already and stays as it was."
                    )
                return standing
            _void(standing, on, "The position changed before it was paid.", by, at)
        accounts = Accounts(entity)
        again = CrewPay.objects.filter(entity=entity, key=key).count()
        entry = ledger.post(
            entity=entity,
            on=on,
            memo=f"Crew pay: {person}{', ' + booking.reference if booking else ''}"[: ledger.MEMO_LIMIT],
            lines=[
                ledger.Line(accounts.coded(CREW), amount_minor, booking),
                ledger.Line(accounts.of(AccountRole.CREW_PAY), -amount_minor, booking),
            ],
            source=EntrySource.CREW_PAY,
            external_id=f"crew:{key}{f':{again}' if again else ''}",
            by=by,
            at=at,
        )
        return CrewPay.objects.create(
            entity=entity, key=key, person=person[:120], person_key=person_key, on=on, amount_minor=amount_minor,
            booking=booking, entry=entry,
        )  # fmt: skip


def keeps_books(*, entity: Entity) -> bool:
    """Tell whether an entity has a chart of accounts; of one that has none, nothing is owed in books."""
    return Account.objects.filter(entity=entity).exists()


def lock(*, entity: Entity, keys: Sequence[str], booking: Booking | None) -> None:
    """Let nobody else pay or take back these positions, and those of a booking, until the transaction ends.

    Before anything is posted, as paying does, so that nobody waits for somebody who waits for them.
    """
    theirs = Q(key__in=list(keys)) if booking is None else Q(key__in=list(keys)) | Q(booking=booking)
    rows = CrewPay.objects.filter(theirs, entity=entity, void_on__isnull=True)
    list(rows.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk"))


def undo(
    *,
    entity: Entity,
    keys: Sequence[str],
    on: dt.date,
    reason: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> int:
    """Take back what is owed for positions whose event is no longer completed; return how many that were.

    Raises:
        CrewPayRefusedError: one of them is paid.
        portfolio.domain.ledger.LedgerError: the month of ``on`` is closed.
    """
    with transaction.atomic():
        standing = _standing(entity, keys)
        for row in standing.values():
            if row.paid_on is not None:
                raise CrewPayRefusedError(
                    f"Pay of {row.person} of {months.spelled(row.on)} is paid already and stays as it was."
                )
            _void(row, on, reason, by, at)
        return len(standing)


def undo_of_booking(
    *, booking: Booking, on: dt.date, reason: str, by: AbstractBaseUser | None, at: dt.datetime
) -> int:
    """Take back what is owed for a booking's service, as `undo` does; what is paid stays."""
    keys = list(
        CrewPay.objects.filter(booking=booking, void_on__isnull=True, paid_on__isnull=True).values_list(
            "key", flat=True
        )
    )
    return undo(entity=booking.entity, keys=keys, on=on, reason=reason, by=by, at=at)


def pay(
    *,
    entity: Entity,
    keys: Sequence[str],
    on: dt.date,
    cash_account: Account | None = None,
    told_by: Sequence[ImportedLine] = (),
    apart: bool = False,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> list[JournalEntry]:
    """Record that positions were paid: one entry for each person, as the bank's statement will show it.

    The bank's line is matched to it when it lands; where it landed first it is among ``told_by``, and each person's pay
    takes the one of its amount. ``apart`` says that the pay is other money than any line near it. Positions that are not
    in the books are passed over, as are those paid before.

    Raises:
        portfolio.domain.told.ToldError: a statement told of it, and its line was not chosen, or cannot be.
        portfolio.domain.ledger.LedgerError: the month is closed, or an account is missing.
    """
    with transaction.atomic():
        landing.lock(entity)
        open_rows = [row for row in _standing(entity, keys).values() if row.paid_on is None]
        if not open_rows:
            return []
        together: dict[str, list[CrewPay]] = defaultdict(list)
        for row in sorted(open_rows, key=lambda row: (row.person_key, row.pk)):
            together[row.person_key].append(row)
        accounts = Accounts(entity)
        cash = cash_account or accounts.of(AccountRole.CASH)
        entries = []
        chosen = [line for line in told_by if line.entity_id == entity.pk]
        lines: dict[str, ImportedLine | None] = {}
        refused: list[told.ToldError] = []
        for key, rows in together.items():
            total = sum(row.amount_minor for row in rows)
            line = next((line for line in chosen if line.amount_minor == -total), None)
            if line is not None:
                chosen.remove(line)
            try:
                lines[key] = told.decided(
                    entity=entity,
                    amount_minor=-total,
                    on=on,
                    role=AccountRole.CREW_PAY,
                    line=line,
                    apart=apart,
                )
            except told.ToldError as error:
                refused.append(error)
        if refused:
            offered = {row.pk: row for row in (*told_by, *(row for error in refused for row in error.lines))}
            raise told.ToldError(str(refused[0]), offered.values())
        for key, rows in together.items():
            line, again = lines[key], rows[0].undone.count()
            entry = ledger.post(
                entity=entity,
                on=on,
                memo=f"Crew pay paid: {rows[0].person}"[: ledger.MEMO_LIMIT],
                lines=[
                    *(
                        ledger.Line(accounts.of(AccountRole.CREW_PAY), row.amount_minor, row.booking)
                        for row in rows
                    ),
                    ledger.Line(
                        line.account if line is not None and line.account is not None else cash,
                        -sum(row.amount_minor for row in rows),
                    ),
                ],
                source=EntrySource.CREW_PAY,
                external_id=f"crew-paid:{rows[0].pk}" + (f":{again}" if again else ""),
                by=by,
                at=at,
            )
            CrewPay.objects.filter(pk__in=[row.pk for row in rows]).update(paid_on=on, paid_entry=entry)
            if line is not None:
                told.stand_for(line=line, entry=entry, by=by, at=at)
            entries.append(entry)
        return entries


def paid_together(*, entity: Entity, key: str) -> list[str]:
    """Return the keys of the positions that were paid by one entry with this one, itself among them; two queries."""
    entry_id = (
        CrewPay.objects.filter(entity=entity, key=key, void_on__isnull=True)
        .values_list("paid_entry", flat=True)
        .first()
    )
    if entry_id is None:
        return [key]
    return list(
        CrewPay.objects.filter(entity=entity, paid_entry=entry_id)
        .order_by("pk")
        .values_list("key", flat=True)
    )


def unpay(
    *,
    entity: Entity,
    keys: Sequence[str],
    on: dt.date | None,
    came_back: bool,
    reason: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Take back that positions were paid: they are owed again. Name all that were paid together (`paid_together`).

    Where the record was wrong the bank's line of it is free again; ``came_back`` says that the money did, and keeps it. What
    was paid and taken back stays on record, so that each year's sums tell of it. Positions not in the books are passed over.

    Raises:
        CrewPayRefusedError: others were paid by the same entry.
        portfolio.domain.taken_back.TakeBackRefusedError: a wrong record would stay in an open month.
        portfolio.domain.ledger.LedgerError: no reason, a day before the payment, or its month is closed.
    """
    with transaction.atomic():
        landing.lock(entity)
        paid = [row for row in _standing(entity, keys).values() if row.paid_entry is not None]
        together: dict[JournalEntry, list[CrewPay]] = defaultdict(list)
        for row in paid:
            if row.paid_entry is not None:
                together[row.paid_entry].append(row)
        for entry, rows in together.items():
            if entry.crew_pay_paid.count() != len(rows):
                raise CrewPayRefusedError(
                    f"{rows[0].person} was paid for more by the same entry; take all of it back."
                )
            day = taken_back.day(entry=entry, on=on, came_back=came_back, at=at)
            CrewPayUndone.objects.bulk_create(
                CrewPayUndone(pay=row, paid_on=row.paid_on, paid_entry=entry, undone_on=max(day, row.paid_on))
                for row in rows
                if row.paid_on is not None
            )
            CrewPay.objects.filter(pk__in=[row.pk for row in rows]).update(paid_on=None, paid_entry=None)
            taken_back.reverse(entry=entry, on=day, came_back=came_back, reason=reason, by=by, at=at)
            for row in rows:
                audit.record(
                    action="portfolio:crew_pay:unpay", subject=row, by=by, at=at, entity=entity.slug,
                    data={"amount_minor": row.amount_minor, "reason": reason, "came_back": came_back},
                )  # fmt: skip


def _standing(entity: Entity, keys: Sequence[str]) -> dict[str, CrewPay]:
    """Return the rows of these keys that nobody took back, locked, by key."""
    rows = (
        CrewPay.objects.select_for_update(of=("self",), no_key=True)
        .filter(entity=entity, key__in=list(keys), void_on__isnull=True)
        .select_related("booking", "entry", "entry__entity", "paid_entry__entity")
        .order_by("pk")
    )
    return {row.key: row for row in rows}


def _void(row: CrewPay, on: dt.date, reason: str, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    if CrewPay.objects.filter(pk=row.pk, void_on__isnull=True, paid_on__isnull=True).update(void_on=on):
        ledger.reverse(entry=row.entry, on=max(on, row.entry.on), reason=reason, by=by, at=at)
