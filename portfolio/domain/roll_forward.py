"""How what is held for clients came to be what it is: month by month, tied to the ledger to the cent.

Opening balance, plus what was received, less what was recognised, refunded and kept, plus or minus whatever else was
posted, is the closing balance. The balances are the ledger's own; the movements are read from the postings, so the two
sides meet only where every entry was read rightly.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import Max, Min, Q, Sum

from portfolio.domain.held import HELD_ROLES, KEPT, chunks
from portfolio.models import (
    Account,
    AccountRole,
    Booking,
    Entity,
    EntrySource,
    EntryState,
    MonthlyBalance,
    Posting,
)
from portfolio.models.account import CASH_ROLES

# What may have moved what is held, in the order of the table.
KINDS = ("received", "recognised", "refunded", "kept", "other")


@dataclass(frozen=True, slots=True)
class MonthRoll:
    """One month: credits positive. ``ledger_minor`` is what the accounts hold at its end."""

    month: int
    opening_minor: int
    received_minor: int
    recognised_minor: int
    refunded_minor: int
    kept_minor: int
    other_minor: int
    ledger_minor: int

    @property
    def closing_minor(self) -> int:
        """Return what the movements leave."""
        return (
            self.opening_minor
            + self.received_minor
            - self.recognised_minor
            - self.refunded_minor
            - self.kept_minor
            + self.other_minor
        )

    @property
    def off_minor(self) -> int:
        """Return by how much movements and ledger differ: nothing, or a fault of this program."""
        return self.ledger_minor - self.closing_minor


@dataclass(frozen=True, slots=True)
class RollForward:
    """The months of an entity from the first to the last, inclusive."""

    entity: Entity
    months: tuple[MonthRoll, ...]

    @property
    def ties(self) -> bool:
        """Tell whether every month agrees with the ledger."""
        return not any(row.off_minor for row in self.months)


@dataclass(slots=True)
class Move:
    """What one entry did to what is held: by kind, in the sense of the table; ``bookings`` it names."""

    entity_id: int
    entry_id: int
    month: int
    on: dt.date
    memo: str
    amounts: dict[str, int] = field(default_factory=dict)
    bookings: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class HeldFor:
    """What is held for one booking, since when."""

    booking: Booking
    deferred_minor: int
    deposits_minor: int
    since: dt.date
    days: int

    @property
    def held_minor(self) -> int:
        """Return both together."""
        return self.deferred_minor + self.deposits_minor


@dataclass(frozen=True, slots=True)
class HeldNow:
    """What is held, booking by booking; ``unnamed_minor`` names none. ``ledger_minor`` is what the accounts hold."""

    rows: tuple[HeldFor, ...]
    unnamed_minor: int
    ledger_minor: int

    @property
    def named_minor(self) -> int:
        """Return what is held for bookings."""
        return sum(row.held_minor for row in self.rows)

    @property
    def off_minor(self) -> int:
        """Return by how much bookings and ledger differ: nothing, or a fault of this program."""
        return self.ledger_minor - self.named_minor - self.unnamed_minor


def roll_forward(*, entity: Entity, first: int, last: int) -> RollForward:
    """Return the months from ``first`` to ``last``; three queries."""
    balances: dict[int, int] = defaultdict(int)
    opening = 0
    for month, debit, credit in MonthlyBalance.objects.filter(
        account__entity=entity, account__role__in=HELD_ROLES, month__lte=last
    ).values_list("month", "debit_minor", "credit_minor"):
        if month < first:
            opening += credit - debit
        else:
            balances[month] += credit - debit
    sums: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(KINDS, 0))
    for move in moves(entity=entity, first=first, last=last):
        for kind, amount in move.amounts.items():
            sums[move.month][kind] += amount
    rows = []
    for month in range(first, last + 1):
        ledger_minor = opening + balances[month]
        rows.append(
            MonthRoll(
                month,
                opening,
                **{f"{kind}_minor": sums[month][kind] for kind in KINDS},
                ledger_minor=ledger_minor,
            )
        )
        opening = ledger_minor
    return RollForward(entity, tuple(rows))


def moves(*, entity: Entity, first: int, last: int) -> list[Move]:
    """Return the entries of an entity that moved what is held, the oldest first; one query."""
    return moves_of(entity_ids=[entity.pk], first=first, last=last)


def moves_of(*, entity_ids: Collection[int], first: int, last: int) -> list[Move]:
    """Return the entries of some entities that moved what is held, the oldest first; one query."""
    touched = Posting.objects.filter(
        account__entity__in=entity_ids, account__role__in=HELD_ROLES, month__gte=first, month__lte=last,
        entry__state=EntryState.POSTED,
    ).order_by().values("entry_id")  # fmt: skip
    rows = (
        Posting.objects.filter(entry__in=touched)
        .order_by("entry__on", "entry_id", "id")
        .values_list(
            "entry__entity_id", "entry_id", "month", "entry__on", "entry__memo", "entry__source", "entry__reverses__source", "entry__external_id", "entry__reverses__external_id",
            "account__role", "account__code", "amount_minor", "booking_id",
        )
    )  # fmt: skip
    found: dict[int, Move] = {}
    legs: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
    sources: dict[int, tuple[str, str, bool]] = {}
    for (
        entity_id,
        entry_id,
        month,
        on,
        memo,
        source,
        reversed_source,
        name,
        reversed_name,
        role,
        code,
        amount,
        booking_id,
    ) in rows:
        move = found.setdefault(entry_id, Move(entity_id, entry_id, month, on, memo))
        sources[entry_id] = (reversed_source or source, reversed_name or name or "", bool(reversed_source))
        legs[entry_id].append((role, code, amount))
        if booking_id is not None and booking_id not in move.bookings:
            move.bookings.append(booking_id)
    for entry_id, move in found.items():
        kinds = _kinds(legs[entry_id], *sources[entry_id])
        move.amounts = {kind: amount for kind, amount in kinds.items() if amount}
    return [move for move in found.values() if move.amounts]


def held_now(*, entity: Entity, month: int, as_of: dt.date) -> HeldNow:
    """Return what is held at the end of a month for each booking, the longest held first; three queries.

    Days are counted to ``as_of``. The ledger's side is its monthly balances, the bookings' side their postings.
    """
    rows = (
        Posting.objects.filter(
            account__entity=entity,
            account__role__in=HELD_ROLES,
            entry__state=EntryState.POSTED,
            month__lte=month,
        )
        .order_by()
        .values_list("booking_id", "account__role")
        .annotate(total=Sum("amount_minor"), since=Min("entry__on", filter=Q(amount_minor__lt=0)))
    )
    unnamed = 0
    sums: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    since: dict[int, dt.date] = {}
    for booking_id, role, total, first in rows:
        if booking_id is None:
            unnamed -= total
        elif total:
            sums[booking_id][role] -= total
            since[booking_id] = min(filter(None, (since.get(booking_id), first)), default=as_of)
    found = [
        HeldFor(
            booking,
            sums[booking.pk][AccountRole.DEFERRED],
            sums[booking.pk][AccountRole.DEPOSITS_HELD],
            since[booking.pk],
            (as_of - since[booking.pk]).days,
        )
        for ids in chunks(sums)
        for booking in Booking.objects.filter(pk__in=ids)
    ]
    found.sort(key=lambda row: (row.since, row.booking.reference))
    balance = MonthlyBalance.objects.filter(
        account__entity=entity, account__role__in=HELD_ROLES, month__lte=month
    ).aggregate(credit=Sum("credit_minor"), debit=Sum("debit_minor"))
    return HeldNow(tuple(found), unnamed, (balance["credit"] or 0) - (balance["debit"] or 0))


def newest(*, entity: Entity, since: dt.date, today: dt.date) -> dt.date:
    """Return the day of an entity's newest entry about money held, up to today, or an earlier day that is given."""
    if since >= today:
        return since
    found = Posting.objects.filter(
        account__entity=entity, account__role__in=HELD_ROLES, entry__state=EntryState.POSTED,
        month__gte=since.year * 12 + since.month - 1, entry__on__range=(since, today),
    ).aggregate(newest=Max("entry__on"))["newest"]  # fmt: skip
    return found or since


def accounts(*, entity: Entity) -> list[Account]:
    """Return the accounts that the roll-forward is of; one query."""
    return list(Account.objects.filter(entity=entity, role__in=HELD_ROLES).order_by("code"))


def _kinds(legs: Iterable[tuple[str, str, int]], source: str, name: str, is_reversal: bool) -> dict[str, int]:
    """Return what an entry with these postings did to what is held, by kind; a reversal takes its own kind back.

    What a completed booking releases is recognised, also where its client was billed for it first and then paid.
    """
    held = kept = owed = 0
    cash = False
    for role, code, amount in legs:
        if role in HELD_ROLES:
            held += amount
        elif code == KEPT and role == AccountRole.REVENUE:
            kept += amount
        elif role == AccountRole.REFUNDS_DUE:
            owed += amount
        cash = cash or role in CASH_ROLES
    if not held:
        return {}
    if source == EntrySource.RECOGNITION:
        rest = held + kept + owed
        called_off = ":cancelled" in name  # The rest was billed, and is not asked for any more.
        return {"kept": -kept, "refunded": -owed} | ({"other": -rest} if called_off else {"recognised": rest})
    if cash and source != EntrySource.OPENING:
        came_in = (held < 0) != is_reversal
        return {"received": -held} if came_in else {"refunded": held}
    return {"other": -held}
