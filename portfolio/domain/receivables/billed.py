"""What an invoice of another program billed: time, milestones and what was paid for the client, told by a person.

An invoice drafted here knows its work. One that landed from a file does not, and it may be a sister entity that invoices
for the one that does the work, so the two clients are held to be one by their name.
"""

import datetime as dt
from collections.abc import Collection

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from portfolio.domain.receivables.clients import same_client
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import Client, Invoice, InvoiceLine, InvoiceState, Milestone, Rebillable, WorkEntry

_OFFERED = 200


def waiting(
    *, invoice: Invoice, entity_ids: Collection[int]
) -> tuple[list[WorkEntry], list[Milestone], list[Rebillable]]:
    """Return what waits to be billed of an invoice's client in some entities up to its date, the newest first; four queries.

    Of a draft nothing waits: it knows what it bills.
    """
    if invoice.issued_on is None:
        return [], [], []
    names = Client.objects.filter(entity__in=entity_ids).values_list("pk", "name")
    same = [pk for pk, name in names if same_client(name) == same_client(invoice.client.name)]
    open_ = {"contract__client__in": same, "invoice_line__isnull": True}
    return (
        list(WorkEntry.objects.filter(**open_, billable=True, on__lte=invoice.issued_on)[:_OFFERED]),
        list(
            Milestone.objects.filter(**open_, reached_on__lte=invoice.issued_on).order_by(
                "-reached_on", "-pk"
            )[:_OFFERED]
        ),
        list(Rebillable.objects.filter(**open_, on__lte=invoice.issued_on)[:_OFFERED]),
    )


def stand_on(
    *,
    invoice: Invoice,
    work: Collection[int] = (),
    milestones: Collection[int] = (),
    rebillables: Collection[int] = (),
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Say which work a landed invoice billed; the work then waits to be billed no more.

    Raises:
        RefusedError: the invoice did not land, some of the work is another client's, is not reached or not billable, or
            stands on an invoice already.
    """
    if invoice.state != InvoiceState.ISSUED or not invoice.source:
        raise RefusedError(f"{invoice} was drafted here and knows what it bills.")
    line = InvoiceLine.objects.filter(invoice=invoice).order_by("position").first()
    if line is None:
        raise RefusedError(f"{invoice} has no line that could bill anything.")
    told = (
        WorkEntry.objects.filter(pk__in=work, billable=True),
        Milestone.objects.filter(pk__in=milestones, reached_on__isnull=False),
        Rebillable.objects.filter(pk__in=rebillables),
    )
    with transaction.atomic():
        for rows, wanted in zip(told, (work, milestones, rebillables), strict=True):
            clients = set(rows.values_list("contract__client__name", flat=True))
            if {same_client(name) for name in clients} - {same_client(invoice.client.name)}:
                raise RefusedError(f"Some of this work was done for somebody else than {invoice.client}.")
            if rows.filter(invoice_line__isnull=True).update(invoice_line=line) != len(set(wanted)):
                raise RefusedError(
                    "Some of this work stands on an invoice already, or cannot be billed; look at it again."
                )
        audit.record(
            action="portfolio:invoice:bills", subject=invoice, at=at, by=by, entity=invoice.entity.slug,
            data={"work": len(work), "milestones": len(milestones), "rebillables": len(rebillables)},
        )  # fmt: skip
