"""What is paid for a client and invoiced on at cost: written down when it is paid, open until it stands on an invoice."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from core import audit
from core.money import LIMIT_MINOR
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import ClientContract, Entity, JournalEntry, Rebillable


def add(
    *,
    contract: ClientContract,
    on: dt.date,
    what: str,
    amount_minor: int,
    today: dt.date,
    entry: JournalEntry | None = None,
    source: str = "",
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> Rebillable:
    """Write down what was paid for a client; ``entry`` is where the books hold the payment.

    Raises:
        RefusedError: it is worth nothing, the day is ahead, or it is written down already.
    """
    if not 0 < amount_minor <= LIMIT_MINOR:
        raise RefusedError("What was paid for a client is worth something; write its amount down.")
    if on > today:
        raise RefusedError(f"{on:%-d %B %Y} is ahead; it is written down after it was paid.")
    try:
        with transaction.atomic():
            made = Rebillable.objects.create(
                contract=contract, on=on, what=what, amount_minor=amount_minor, entry=entry, source=source
            )
            audit.record(
                action="portfolio:rebillable:add", subject=made, at=at, by=by, entity=contract.entity.slug,
                data={"amount_minor": amount_minor, "on": on.isoformat()},
            )  # fmt: skip
    except IntegrityError as error:
        raise RefusedError(
            f"“{what}” of {on:%-d %B %Y} is written down for {contract} already; say what else it was."
        ) from error
    return made


def delete(*, rebillable: Rebillable, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Remove what stands on no invoice.

    Raises:
        RefusedError: it stands on an invoice, or is gone.
    """
    with transaction.atomic():
        audit.record(
            action="portfolio:rebillable:delete", subject=rebillable, at=at, by=by,
            entity=rebillable.contract.entity.slug, data={"amount_minor": rebillable.amount_minor},
        )  # fmt: skip
        if not Rebillable.objects.filter(pk=rebillable.pk, invoice_line__isnull=True).delete()[0]:
            raise RefusedError(f"“{rebillable.what}” stands on an invoice, or is not there any more.")


def waiting(*, entity: Entity) -> QuerySet[Rebillable]:
    """Return what was paid for an entity's clients and stands on no invoice, the oldest first."""
    return (
        Rebillable.objects.filter(contract__entity=entity, invoice_line__isnull=True)
        .select_related("contract__client", "entry")
        .order_by("on", "pk")
    )
