"""What about money held for clients needs a person: each is a live query and clears itself when its cause is gone.

Reports read these through `portfolio.domain.queries` and make findings of them; the page of deferred revenue lists them.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db import models
from django.db.models import Min, Q, Sum

from core.money import format_minor
from portfolio.domain.held import HELD_ROLES, chunks
from portfolio.domain.stripe.payouts import residuals
from portfolio.models import (
    AccountRole,
    Booking,
    BookingStage,
    Entity,
    EntryState,
    Posting,
    UnpostedDeed,
)

OLD_DEPOSIT_DAYS = 180
REFUND_DAYS = 14
# A service is looked at the day after; the office may be a day late with saying that it is done.
LATE_DAYS = 3


class Trouble(models.TextChoices):
    """What may be wrong, the worst first."""

    UNPOSTED = "unposted", "An event that the books could not take"
    NEGATIVE = "negative", "More went back than was held"
    COMPLETED = "completed", "Held for a completed booking"
    CANCELLED = "cancelled", "Held for a booking that was called off"
    REFUND = "refund", "A refund owed for too long"
    UNNAMED = "unnamed", "Held without a booking"
    LATE = "late", "Past its day and not completed"
    OLD = "old", "Held for very long"
    CLEARING = "clearing", "A payout that does not add up"


@dataclass(frozen=True, slots=True)
class Exceptional:
    """One thing that needs a person; ``booking_id`` is None where no booking is named."""

    trouble: Trouble
    entity_id: int
    booking_id: int | None
    subject: str
    amount_minor: int
    sentence: str


def exceptions(
    *, entity_ids: Collection[int], as_of: dt.date, old_days: int = OLD_DEPOSIT_DAYS
) -> tuple[Exceptional, ...]:
    """Return what needs a person on a day, the worst first; a fixed number of queries, and one for each entity."""
    entities = {entity.pk: entity for entity in Entity.objects.filter(pk__in=entity_ids)}
    held, due, first_held, first_due, unnamed = _standing(entities, as_of)
    wanted = {pk for pk, amount in [*held.items(), *due.items()] if amount}
    bookings = {
        booking.pk: booking for ids in chunks(wanted) for booking in Booking.objects.filter(pk__in=ids)
    }
    found = [
        Exceptional(
            Trouble.UNPOSTED, row.booking.entity_id, row.booking_id, row.booking.reference, 0,
            f"Its event was {row.get_deed_display().lower()} on {_day(row.on)}. {row.refusal}",
        )
        for row in UnpostedDeed.objects.filter(booking__entity__in=entities, on__lte=as_of)
        .select_related("booking")
        .order_by("since", "pk")
    ]  # fmt: skip
    for pk, booking in sorted(bookings.items()):
        money = _Words(entities[booking.entity_id])
        if held.get(pk):
            found += _held(booking, held[pk], first_held.get(pk, as_of), as_of, old_days, money)
        if due.get(pk, 0) > 0 and (as_of - first_due.get(pk, as_of)).days > REFUND_DAYS:
            found.append(
                money.of(
                    Trouble.REFUND, booking, due[pk],
                    f"{{}} has been owed back since {_day(first_due[pk])}. Refund it, or decide anew.",
                )
            )  # fmt: skip
    found += [
        Exceptional(
            Trouble.UNNAMED, pk, None, entities[pk].slug, amount,
            f"{format_minor(amount, entities[pk].currency)} is held and names no booking. "
            "Find the entries among the postings, and post them anew with their bookings.",
        )
        for pk, amount in sorted(unnamed.items())
        if amount
    ]  # fmt: skip
    found += [
        _Words(entities[booking.entity_id]).of(
            Trouble.LATE, booking, 0,
            f"It was to be served on {_day(booking.service_on)} and is still {booking.get_stage_display().lower()}. "
            "Complete it or cancel it.",
        )
        for booking in Booking.objects.filter(
            entity__in=entities, stage__in=[BookingStage.BOOKED, BookingStage.PAID],
            service_on__lt=as_of - dt.timedelta(days=LATE_DAYS),
        ).order_by("service_on", "pk")
        if booking.service_on is not None
    ]  # fmt: skip
    for entity in entities.values():
        found += [
            Exceptional(
                Trouble.CLEARING, entity.pk, None, f"{entity.slug}:{row.payout_id}", row.residual_minor or 0,
                f"Payout {row.payout_id} of {_day(row.arrives_on)} leaves "
                f"{format_minor(row.residual_minor or 0, entity.currency)} in the clearing account.",
            )
            for row in residuals(entity=entity, as_of=as_of)
        ]  # fmt: skip
    order = list(Trouble)
    return tuple(sorted(found, key=lambda row: order.index(row.trouble)))


class _Words:
    def __init__(self, entity: Entity) -> None:
        self.entity = entity

    def of(self, trouble: Trouble, booking: Booking, amount: int, sentence: str) -> Exceptional:
        said = sentence.replace("{}", format_minor(amount, self.entity.currency))
        return Exceptional(trouble, self.entity.pk, booking.pk, booking.reference, amount, said)


def _held(
    booking: Booking, amount: int, since: dt.date, as_of: dt.date, old_days: int, money: _Words
) -> list[Exceptional]:
    if amount < 0:
        return [
            money.of(
                Trouble.NEGATIVE, booking, amount,
                "{} is held: more went back to the client, or was earned, than came in. Look at its postings.",
            )
        ]  # fmt: skip
    if booking.stage == BookingStage.COMPLETED:
        return [
            money.of(
                Trouble.COMPLETED, booking, amount,
                "{} is still held although it is completed. Refund what was paid beyond the price, or change the price.",
            )
        ]  # fmt: skip
    if booking.stage in (BookingStage.CANCELLED, BookingStage.LOST):
        return [
            money.of(
                Trouble.CANCELLED, booking, amount,
                f"{{}} is still held although it is {booking.get_stage_display().lower()}, and nobody decided what goes back.",
            )
        ]  # fmt: skip
    if (as_of - since).days > old_days:
        return [
            money.of(
                Trouble.OLD, booking, amount,
                f"{{}} has been held since {_day(since)}. Ask the client, and give the service a date.",
            )
        ]  # fmt: skip
    return []


def _standing(
    entities: Collection[int], as_of: dt.date
) -> tuple[dict[int, int], dict[int, int], dict[int, dt.date], dict[int, dt.date], dict[int, int]]:
    """Return what is held and owed back by booking, since when, and what is held without one by entity."""
    held: dict[int, int] = defaultdict(int)
    due: dict[int, int] = defaultdict(int)
    first_held: dict[int, dt.date] = {}
    first_due: dict[int, dt.date] = {}
    unnamed: dict[int, int] = defaultdict(int)
    rows = (
        Posting.objects.filter(
            account__entity__in=entities, account__role__in=[*HELD_ROLES, AccountRole.REFUNDS_DUE],
            entry__state=EntryState.POSTED, entry__on__lte=as_of,
        )
        .order_by()
        .values_list("account__entity_id", "booking_id", "account__role")
        .annotate(total=Sum("amount_minor"), since=Min("entry__on", filter=Q(amount_minor__lt=0)))
    )  # fmt: skip
    for entity_id, booking_id, role, total, since in rows:
        sums, first = (due, first_due) if role == AccountRole.REFUNDS_DUE else (held, first_held)
        if booking_id is None:
            if role != AccountRole.REFUNDS_DUE:
                unnamed[entity_id] -= total
            continue
        sums[booking_id] -= total
        if since is not None and total:
            first[booking_id] = min(since, first.get(booking_id, since))
    return held, due, first_held, first_due, unnamed


def _day(day: dt.date) -> str:
    return f"{day:%-d %b %Y}"
