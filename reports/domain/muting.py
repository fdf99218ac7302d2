"""Muting: a finding that people know of stands aside until a day, with a reason.

A muted finding is still found, and each edition prints it apart with the day and the reason. It opens no action, counts
in no tally and asks for nothing at home. On its day it is a finding like any other, as old as it is.

A person mutes a finding here. A record can be set aside itself, as findings of the technology are on their own page:
its finding is muted with it, by nobody, from the next edition on, and counts again when the record does.
"""

import datetime as dt

from django.db import transaction

from core import audit
from crew.models import Person
from reports.document import FindingNote
from reports.domain.actions import PORTFOLIO, about
from reports.models import Finding, FindingState

LONGEST_REASON = 200
LONGEST = dt.timedelta(days=366)


class MutingRefusedError(ValueError):
    """A change that is refused; the message says why."""


def until(finding: Finding, *, on: dt.date) -> dt.date | None:
    """Return the day on which a finding counts again, or None where it counts on that day already."""
    return finding.muted_until if finding.muted_until is not None and finding.muted_until > on else None


def standing(note: FindingNote, finding: Finding | None, *, on: dt.date) -> tuple[dt.date | None, str]:
    """Return until when what a rule sees stands aside on a day, and why; of two who say so the later day counts."""
    said = [] if note.muted_until is None else [(note.muted_until, note.mute_reason)]
    if finding is not None and finding.muted_by_id is not None and (day := until(finding, on=on)):
        said.append((day, finding.mute_reason))
    return max(said, default=(None, ""))


def in_force(*, on: dt.date) -> frozenset[tuple[str, str]]:
    """Return the findings that people muted beyond a day, each by rule and subject. One query."""
    muted = Finding.objects.filter(muted_until__gt=on, muted_by__isnull=False)
    return frozenset(muted.values_list("rule", "subject"))


def follow(*, finding: Finding, note: FindingNote | None, on: dt.date) -> None:
    """Have a finding's row say what its record says of muting; what a person said here stands until its day."""
    ours = Finding.objects.filter(pk=finding.pk, muted_by__isnull=True)
    if note is not None and note.muted_until is not None:
        over = Finding.objects.filter(pk=finding.pk, muted_until__lte=on)
        (ours | over).update(muted_until=note.muted_until, mute_reason=note.mute_reason, muted_by=None)
    elif finding.muted_until is not None and finding.muted_by_id is None:
        ours.update(muted_until=None, mute_reason="")


def mute(
    *, finding: Finding, until_on: dt.date, reason: str, today: dt.date, by: Person, at: dt.datetime
) -> None:
    """Have an open finding stand aside until a day; muted already, until that day instead.

    ``today`` is the date reports stand at now, which for the sample is the sample's own.

    Raises:
        MutingRefusedError: the day is not ahead or too far, the reason is missing or unfit, or the finding is cleared.
    """
    said = " ".join(reason.split())
    if until_on <= today:
        raise MutingRefusedError(f"{until_on:%-d %b %Y} is not ahead; choose a day after {today:%-d %b %Y}.")
    if until_on > today + LONGEST:
        raise MutingRefusedError(f"{until_on:%-d %b %Y} is more than a year away; choose an earlier day.")
    if not said:
        raise MutingRefusedError("Say in a sentence why it can wait; every edition prints it.")
    if len(said) > LONGEST_REASON or not said.isprintable():
        raise MutingRefusedError(
            f"Say why in at most {LONGEST_REASON} characters, all of them printable; nothing was changed."
        )
    before = finding.muted_until
    with transaction.atomic():
        open_one = Finding.objects.filter(pk=finding.pk, state=FindingState.OPEN)
        if not open_one.update(muted_until=until_on, muted_by=by, mute_reason=said):
            raise MutingRefusedError(f"{finding.title!r} is cleared; there is nothing to mute.")
        finding.muted_until, finding.muted_by, finding.mute_reason = until_on, by, said
        _record("mute", finding, by, at, until=[_iso(before), _iso(until_on)], reason=said)


def unmute(*, finding: Finding, by: Person, at: dt.datetime) -> None:
    """Have a muted finding count again from now on.

    Raises:
        MutingRefusedError: it is not muted.
    """
    before = finding.muted_until
    with transaction.atomic():
        muted = Finding.objects.filter(pk=finding.pk, muted_until__isnull=False)
        if not muted.update(muted_until=None, muted_by=None, mute_reason=""):
            raise MutingRefusedError(f"{finding.title!r} is not muted; nothing was changed.")
        finding.muted_until, finding.muted_by, finding.mute_reason = None, None, ""
        _record("unmute", finding, by, at, until=[_iso(before), None])


def _iso(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()


def _record(verb: str, finding: Finding, by: Person, at: dt.datetime, **data: object) -> None:
    subject = about(finding.subject)
    audit.record(
        action=f"reports:finding:{verb}",
        subject=finding,
        at=at,
        by=by,
        entity="" if subject == PORTFOLIO else subject,
        data=data,
    )
