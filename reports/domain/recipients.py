"""Who receives a report: data that the owner edits. What was sent to whom is in the outbox, not here."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import transaction

from core import audit
from crew.models import Person
from mail.domain import fields
from reports.models import Recipient, Report, Variant


class RecipientRefusedError(ValueError):
    """An address that cannot receive this report."""


@dataclass(frozen=True, slots=True)
class Reader:
    """An address that an edition goes to, and the variant it gets; None is the whole."""

    address: str
    name: str = ""
    variant: Variant | None = None


def readers(*, report: Report, send_to: Sequence[str] | None, variant: Variant | None) -> list[Reader]:
    """Return who gets a report's edition: its recipients, else REPORT_RECIPIENTS; or ``send_to`` instead of them.

    Each address stands once, and gets the variant that its row as a recipient names; ``variant`` replaces that for all.
    """
    if send_to is not None and not send_to:
        return []
    rows = {
        row.address.lower(): Reader(row.address, row.name, row.variant)
        for row in report.recipients.filter(active=True).select_related("variant")
    }
    if send_to is None:
        found = list(rows.values()) or [Reader(address) for address in settings.REPORT_RECIPIENTS]
    else:
        found = [
            Reader(address, variant=rows[address.lower()].variant if address.lower() in rows else None)
            for address in send_to
        ]
    once: dict[str, Reader] = {}
    for reader in found:
        once.setdefault(reader.address.lower(), reader)
    return [reader if variant is None else replace(reader, variant=variant) for reader in once.values()]


def add(
    *,
    report: Report,
    address: str,
    at: dt.datetime,
    by: Person | None,
    name: str = "",
    variant: Variant | None = None,
) -> Recipient:
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
            report=report,
            address__iexact=plain,
            defaults={"address": plain, "name": name, "variant": variant, "active": True},
        )
        if not created and not Recipient.objects.filter(pk=row.pk, active=False).update(
            active=True, name=name, variant=variant
        ):
            raise RecipientRefusedError(f"{plain} receives {report.title} already.")
        audit.record(
            action="reports:recipient:add",
            subject=row,
            at=at,
            by=by,
            data={"report": report.slug, "variant": _slug(variant)},
        )
    return row


def set_variant(*, recipient: Recipient, variant: Variant | None, at: dt.datetime, by: Person | None) -> bool:
    """Send a recipient another variant from the next edition on; return whether that is new."""
    with transaction.atomic():
        changed = (
            Recipient.objects.filter(pk=recipient.pk, active=True, variant=recipient.variant)
            .exclude(variant=variant)
            .update(variant=variant)
        )
        if changed:
            audit.record(
                action="reports:recipient:variant",
                subject=recipient,
                at=at,
                by=by,
                data={
                    "report": recipient.report.slug,
                    "variant": [_slug(recipient.variant), _slug(variant)],
                },
            )
    return bool(changed)


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


def _slug(variant: Variant | None) -> str:
    return "" if variant is None else variant.slug
