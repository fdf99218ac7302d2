"""What people are owed for positions they worked.

A position is owed to whoever holds it when its event is completed, at its rate for the whole event: in any state, for
a held position's holder and one who sought a stand-in in vain were there too, and staff see how it stood before they
pay. It is owed from the completion until it is marked as paid. Cancelled events, positions without a rate, and
bareboat charters, whose crew is their charterer's, owe nothing. Amounts are in the currency of the event's entity.
The money itself moves by the bank. Completing an event owes the pay in the books of its entity too, where it keeps any, and marking records
the payment there, to which the bank's line is matched when it lands.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType

from django.db import transaction
from django.db.models import QuerySet

from core.money import format_minor
from core.months import is_near
from crew.domain import fitness, history, locks, timing
from crew.domain.history import Actor
from crew.models import EventState, Mode, Person, Position, PositionState
from portfolio.domain import crew_pay, landing, ledger, told
from portfolio.models import Account, Booking, Entity, ImportedLine

PAID_SHOWN = 100


class PayRefusedError(Exception):
    """The pay cannot be marked as asked; the message says why. Nothing was marked.

    ``lines`` are bank lines, as (id, words), that may be this pay and of which one is to be chosen.
    """

    lines: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True, slots=True)
class PayRow:
    """One position's pay in finished words."""

    pk: int
    event: str
    event_key: str
    station: str
    on: str
    amount: str
    paid: str
    caution: str


@dataclass(frozen=True, slots=True)
class PayGroup:
    """What one person is owed by one entity."""

    person: str
    entity: str
    total: str
    rows: tuple[PayRow, ...]


def of_person(*, person: Person, only_event: int | None = None) -> list[PayRow]:
    """Return what somebody is owed and was paid, the newest first; one query."""
    found = _earned().filter(holder=person).order_by("-event__returns_at", "-id")
    if only_event is not None:
        found = found.filter(event=only_event)
    return [_row(position) for position in found[:PAID_SHOWN]]


def owed_in_words(*, person: Person, only_event: int | None = None) -> str:
    """Return what somebody is owed in all, each currency by itself; empty where it is nothing; one query."""
    found = _earned().filter(holder=person, paid_on__isnull=True)
    if only_event is not None:
        found = found.filter(event=only_event)
    return _total(list(found))


def groups(*, ids: Collection[int] | None, paid: bool) -> list[PayGroup]:
    """Return what there is to pay, or was paid lately, by person and entity; one query."""
    found = _earned().filter(paid_on__isnull=not paid)
    if ids is not None:
        found = found.filter(event__entity__in=ids)
    ordered = found.order_by("-paid_on", "-id")[:PAID_SHOWN] if paid else found
    together: dict[tuple[str, int, str, int], list[Position]] = {}
    for position in ordered:
        entity = position.event.entity
        key = (str(position.holder), position.holder_id or 0, entity.name, entity.pk)
        together.setdefault(key, []).append(position)
    return [
        PayGroup(
            person,
            entity,
            _total(positions),
            tuple(
                _row(position)
                for position in sorted(positions, key=lambda found: (found.event.returns_at, found.pk))
            ),
        )
        for (person, _, entity, _), positions in sorted(together.items(), key=lambda item: item[0])
    ]


def mark_paid(
    *,
    positions: Sequence[int],
    ids: Collection[int] | None,
    on: dt.date,
    today: dt.date,
    told_by: Collection[int] = (),
    apart: bool = False,
    out_of: Mapping[int, int] = MappingProxyType({}),
    by: Actor,
    at: dt.datetime,
) -> str:
    """Mark positions of these entities as paid on a day, all or none, and return what it comes to, in words.

    ``told_by`` are the bank's lines of it that landed before; ``apart`` says that it is other money than those near it.
    ``out_of`` says by entity which bank account it went out of, where it keeps several.

    Raises:
        PayRefusedError: none is chosen, one is not owed (any more), the day is to come, or the books cannot take it.
    """
    wanted = sorted(set(positions))
    if not wanted:
        raise PayRefusedError("Choose what was paid.")
    if on > today or not is_near(on):
        raise PayRefusedError(
            f"{fitness.day(on)} is still to come. Mark pay once it has gone out, with the day it did."
        )
    with transaction.atomic():
        # So that none of them is taken back from completed while it is marked.
        locks.events(set(Position.objects.filter(pk__in=wanted).values_list("event_id", flat=True)))
        owed = _earned().filter(pk__in=wanted)
        if ids is not None:
            owed = owed.filter(event__entity__in=ids)
        found = {position.pk: position for position in owed.order_by("pk")}
        if set(wanted) - set(found):
            raise PayRefusedError(
                "Some of these are not owed any more. Nothing was marked; choose once more."
            )
        for position in found.values():
            if on < timing.local(position.event, position.event.departs_at).date():
                raise PayRefusedError(
                    f"{position.event.title} was after {fitness.day(on)}. Nothing was marked; check the day."
                )
            same = Position.objects.filter(
                pk=position.pk,
                holder_id=position.holder_id,
                rate_minor=position.rate_minor,
                paid_on__isnull=True,
            )
            if not same.update(paid_on=on):
                raise PayRefusedError(
                    f"{position} on {position.event.title} changed a moment ago, or was paid. Nothing was marked now; "
                    "choose once more."
                )
            history.note(
                event=position.event,
                action="crew:position:pay",
                subject=position,
                by=by,
                at=at,
                data={
                    "amount_minor": position.rate_minor,
                    "currency": position.event.entity.currency,
                    "holder": position.holder_id,
                    "paid_on": on.isoformat(),
                },
            )
        _pay_in_books(list(found.values()), on, told_by, apart, out_of, by, at)
    return _total(list(found.values()))


def rows(positions: Sequence[Position]) -> list[PayRow]:
    """Return positions' pay in finished words."""
    return [_row(position) for position in positions]


def unpaid_with(*, position: Position) -> list[Position]:
    """Return the positions that were paid together with one, which are taken back together; itself where it is not in books."""
    keys = crew_pay.paid_together(entity=position.event.entity, key=_for_books(position).key)
    ids = [int(number) for key in keys if (number := key.removeprefix("position:")).isdecimal()]
    return list(
        Position.objects.filter(pk__in=ids or [position.pk], paid_on__isnull=False)
        .select_related("event__entity", "event__port", "holder")
        .order_by("pk")
    )


def take_back(
    *, position: Position, on: dt.date | None, came_back: bool, reason: str, by: Actor, at: dt.datetime
) -> str:
    """Take back that a position was paid, with those paid together with it; return what is owed again, in words.

    ``came_back`` says that the money did; otherwise the record was wrong, and the bank's line of it is free again.

    Raises:
        PayRefusedError: it is not marked as paid, no reason is given, or the books cannot take it.
    """
    if not reason.strip():
        raise PayRefusedError("Say why the payment is taken back.")
    entity = position.event.entity
    with transaction.atomic():
        together = unpaid_with(position=position)
        locks.events({found.event_id for found in together})
        # Looked at again: the events are locked now, and whoever paid or took back meanwhile has finished.
        if not together or {row.pk for row in together} != {row.pk for row in unpaid_with(position=position)}:
            raise PayRefusedError("This is not marked as paid any more; look at it again.")
        for found in together:
            Position.objects.filter(pk=found.pk).update(paid_on=None)
            history.note(
                event=found.event,
                action="crew:position:unpay",
                subject=found,
                by=by,
                at=at,
                data={
                    "amount_minor": found.rate_minor,
                    "currency": found.event.entity.currency,
                    "holder": found.holder_id,
                    "paid_on": found.paid_on.isoformat() if found.paid_on else "",
                    "reason": reason,
                },
            )
        try:
            crew_pay.unpay(
                entity=entity, keys=[_for_books(found).key for found in together], on=on, came_back=came_back,
                reason=reason, by=by.person, at=at,
            )  # fmt: skip
        except (crew_pay.CrewPayRefusedError, ledger.LedgerError) as error:
            raise PayRefusedError(f"The books cannot take it. {error} Nothing was taken back.") from error
    return _total(together)


def banks(*, positions: Collection[int]) -> dict[int, list[tuple[int, str]]]:
    """Return by entity the bank accounts, as (id, words), that pay for some positions may go out of, where it keeps several."""
    entities = set(Position.objects.filter(pk__in=positions).values_list("event__entity", flat=True))
    return {
        pk: [(account.pk, f"{account} of {account.entity.name}") for account in accounts]
        for pk, accounts in crew_pay.banks(entity_ids=entities).items()
    }


def _bank(entity: Entity, out_of: Mapping[int, int]) -> Account | None:
    """Return the bank account that was chosen for an entity's pay, or None for its first."""
    chosen = crew_pay.banks(entity_ids=[entity.pk]).get(entity.pk, []) if entity.pk in out_of else []
    return next((account for account in chosen if account.pk == out_of[entity.pk]), None)


def earned_on(event_key: str) -> list[crew_pay.Earned]:
    """Return what the crew of an event earned or, where it is not completed, would earn, for the books; one query."""
    return [_for_books(position) for position in _worth().filter(event__key=event_key).order_by("pk")]


def _for_books(position: Position) -> crew_pay.Earned:
    return crew_pay.Earned(
        key=f"position:{position.pk}",
        person=str(position.holder),
        person_key=str(position.holder_id),
        amount_minor=position.rate_minor,
    )


def _pay_in_books(
    positions: Sequence[Position],
    on: dt.date,
    told_by: Collection[int],
    apart: bool,
    out_of: Mapping[int, int],
    by: Actor,
    at: dt.datetime,
) -> None:
    """Record the payment of positions where books are kept, owed now if they were not before.

    Raises:
        PayRefusedError: the books cannot take it.
    """
    worked = {
        (booking.entity_id, booking.event_key): booking
        for booking in Booking.objects.filter(
            event_key__in={position.event.key for position in positions}
        ).select_related("entity")
    }
    together: dict[Entity, list[Position]] = {}
    for position in positions:
        together.setdefault(position.event.entity, []).append(position)
    # Before anything is posted, and always in this order: so nobody waits for somebody who waits for them.
    owed = [
        (entity, theirs)
        for entity, theirs in sorted(together.items(), key=lambda item: item[0].pk)
        if crew_pay.keeps_books(entity=entity)
    ]
    keys = {entity: [_for_books(position).key for position in theirs] for entity, theirs in owed}
    for entity in keys:
        landing.lock(entity)
    for entity, theirs_by_key in keys.items():
        crew_pay.lock(entity=entity, keys=theirs_by_key, booking=None)
    lines = list(ImportedLine.objects.filter(pk__in=told_by).select_related("account", "entry"))
    try:
        for entity, theirs in owed:
            for position in theirs:
                crew_pay.accrue(
                    entity=entity,
                    on=on,
                    booking=worked.get((entity.pk, position.event.key)),
                    by=by.person,
                    at=at,
                    **asdict(_for_books(position)),
                )
            crew_pay.pay(
                entity=entity,
                keys=keys[entity],
                on=on,
                cash_account=_bank(entity, out_of),
                told_by=lines,
                apart=apart,
                by=by.person,
                at=at,
            )
    except told.ToldError as error:
        refused = PayRefusedError(f"{error} Nothing was marked.")
        refused.lines = [(line.pk, told.said(line)) for line in error.lines]
        raise refused from error
    except (crew_pay.CrewPayRefusedError, ledger.LedgerError) as error:
        raise PayRefusedError(f"The books cannot take it. {error} Nothing was marked.") from error


def _earned() -> QuerySet[Position]:
    return _worth().filter(event__state=EventState.COMPLETED)


def _worth() -> QuerySet[Position]:
    return (
        Position.objects.filter(rate_minor__gt=0, holder__isnull=False)
        .exclude(event__mode=Mode.BAREBOAT_12)
        .select_related("event__entity", "event__port", "holder")
    )


def _row(position: Position) -> PayRow:
    event = position.event
    caution = ""
    if position.state == PositionState.HELD:
        caution = f"Was held: {position.hold_reason}"
    elif position.stand_in_at is not None:
        caution = "Sought a stand-in in vain."
    return PayRow(
        pk=position.pk,
        event=event.title,
        event_key=event.key,
        station=position.get_station_display(),
        on=fitness.day(timing.local(event, event.departs_at).date()),
        amount=format_minor(position.rate_minor, event.entity.currency),
        paid=fitness.day(position.paid_on) if position.paid_on else "",
        caution=caution,
    )


def _total(positions: Sequence[Position]) -> str:
    sums: dict[str, int] = {}
    for position in positions:
        currency = position.event.entity.currency
        sums[currency] = sums.get(currency, 0) + position.rate_minor
    return " and ".join(format_minor(minor, currency) for currency, minor in sorted(sums.items()))
