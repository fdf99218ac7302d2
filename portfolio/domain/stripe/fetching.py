"""Fetching a stretch of days from Stripe, for gaps and first use: the same movements that events would have brought."""

import datetime as dt
from contextlib import nullcontext
from dataclasses import dataclass

from django.db import transaction

from core import clock
from portfolio.domain import landing as files
from portfolio.domain.stripe import api, landing, payouts
from portfolio.formats.stripe import StripeType
from portfolio.models import Entity

# So many movements land in one transaction: enough to be quick, few enough that others get their turn.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a stretch of days brought, and why some of it stayed out."""

    read: int
    new: int
    payouts: int
    uncategorised: int
    refused: tuple[str, ...]


def fetch(*, entity: Entity, first: dt.date, last: dt.date, at: dt.datetime, keep: bool) -> Fetched:
    """Land what moved from a day of the entity's calendar to another, both included, and list its payouts.

    Without ``keep`` everything is tried and taken back. What landed stays when a later page fails.

    Raises:
        portfolio.domain.stripe.api.StripeError: Stripe cannot be asked.
        portfolio.formats.FormatError: a movement contradicts what landed before, or is in another currency.
        portfolio.domain.accounts.MissingAccountError: the chart lacks an account.
    """
    api_of = api.Api(entity)
    known = landing.Known(entity)
    zone = clock.zone(entity.zone)
    begin, end = (
        dt.datetime.combine(day, dt.time(), tzinfo=zone) for day in (first, last + dt.timedelta(days=1))
    )
    rows = list(api_of.between(begin, end, known))
    told = []
    for row in list(rows):
        if row.type == StripeType.PAYOUT and not row.returned:
            payout, carried = api_of.of_payout(payouts.own_id(row), known)
            told.append(payout)
            rows += carried
    rows = payouts.each_once(rows)
    with transaction.atomic() if not keep else nullcontext():
        landed = [
            landing.land(entity=entity, rows=rows[start : start + BATCH], name=api.NAME, at=at)
            for start in range(0, len(rows), BATCH)
        ]
        with transaction.atomic():
            files.lock(entity)
            for payout in told:
                payouts.told(entity=entity, payout=payout, at=at)
        if not keep:
            transaction.set_rollback(True)
    return Fetched(
        read=len(rows),
        new=sum(part.new for part in landed),
        payouts=len(told),
        uncategorised=sum(part.uncategorised for part in landed),
        refused=tuple(part.refused for part in landed if part.refused),
    )
