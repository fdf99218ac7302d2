"""Reading suppressions: the list by search and filter, what became of one, and the list as a file."""

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from core.models import AuditEvent
from mail.domain import suppression
from mail.domain.timeline import Moment
from mail.models import Reason, Suppression

COLUMNS = ("address", "scope", "list", "reason", "detail", "since", "lifted", "lifted_why")
_ROWS_AT_ONCE = 2000
# A cell that begins so is a formula to a spreadsheet; an apostrophe makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: part of an address, a scope, a reason, and live ones, lifted ones or (None) both."""

    search: str = ""
    scope: str = ""
    reason: str = ""
    live: bool | None = True


def listed(wanted: Wanted) -> QuerySet[Suppression]:
    """Return the suppressions wanted with their lists, the newest first."""
    rows = Suppression.objects.select_related("mailing_list").order_by("-id")
    if wanted.search:
        rows = rows.filter(address_key__contains=wanted.search.strip().lower())
    if wanted.scope:
        rows = rows.filter(scope=wanted.scope)
    if wanted.reason:
        rows = rows.filter(reason=wanted.reason)
    if wanted.live is not None:
        rows = rows.filter(lifted_at__isnull=wanted.live)
    return rows


def history(row: Suppression) -> list[Moment]:
    """Return what happened to a suppression and by whose hand, oldest first."""
    moments = []
    for event in AuditEvent.objects.filter(
        subject_type=Suppression._meta.label_lower, subject_id=str(row.pk)
    ).select_related("actor"):
        texts = [str(event.data.get("why", "") or event.data.get("detail", ""))]
        if stopped := event.data.get("messages"):
            texts.append(f"{stopped} waiting {'message' if stopped == 1 else 'messages'} stopped.")
        own_word = event.actor is None and row.reason == Reason.UNSUBSCRIBED
        moments.append(
            Moment(
                event.at,
                suppression.ACTIONS[event.action],
                " ".join(filter(None, texts)),
                str(event.actor) if event.actor else "The reader" if own_word else "Quarterdeck itself",
            )
        )
    return sorted(moments, key=lambda moment: moment.at)


def lines(wanted: Wanted, *, zone: dt.tzinfo) -> Iterator[str]:
    """Yield the suppressions wanted as lines of a CSV file, instants on a zone's clock; memory does not grow with them."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for row in listed(wanted).iterator(chunk_size=_ROWS_AT_ONCE):
        yield writer.writerow([
            _cell(cell)
            for cell in (
                row.address_key,
                row.get_scope_display(),
                row.mailing_list.name if row.mailing_list is not None else "",
                row.get_reason_display(),
                row.detail,
                row.created_at.astimezone(zone).isoformat(timespec="seconds"),
                row.lifted_at.astimezone(zone).isoformat(timespec="seconds") if row.lifted_at else "",
                row.lifted_why,
            )
        ])  # fmt: skip


class _Echo:
    """A file that gives back each line instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
