"""Who receives a report: data that the owner edits. What was sent to whom is in the outbox, not here."""

import datetime as dt

from django.db import transaction

from core import audit
from crew.models import Person
from mail.domain import fields
from reports.models import Recipient, Report


class RecipientRefusedError(ValueError):
    """An address that cannot receive this report."""


def add(*, report: Report, address: str, at: dt.datetime, by: Person | None, name: str = "") -> Recipient:
    """Let an address receive a report from its next edition on; one that was left out before is taken in again.

    Raises:
        RecipientRefusedError: it is not an address, or receives the report already.
    """
    try:
        plain = fields.address(address, what="recipient")
        name = fields.one_line(name, what="recipient's name", longest=120)
    except fields.UnsendableError as error:
        raise RecipientRefusedError(str(error)) from error
    with transaction.atomic():
        row, created = Recipient.objects.get_or_create(
            report=report, address__iexact=plain, defaults={"address": plain, "name": name, "active": True}
        )
        if not created and not Recipient.objects.filter(pk=row.pk, active=False).update(
            active=True, name=name
        ):
            raise RecipientRefusedError(f"{plain} receives {report.title} already.")
        audit.record(action="reports:recipient:add", subject=row, at=at, by=by, data={"report": report.slug})
    return row


def leave_out(*, recipient: Recipient, at: dt.datetime, by: Person | None) -> bool:
    """Send a report to an address no more; return whether that changed anything."""
    with transaction.atomic():
        changed = Recipient.objects.filter(pk=recipient.pk, active=True).update(active=False)
        if changed:
            audit.record(
                action="reports:recipient:leave_out",
                subject=recipient,
                at=at,
                by=by,
                data={"report": recipient.report.slug},
            )
    return bool(changed)
