"""Mailing lists: opening them, bringing subscribers in and out, and who of them may be mailed.

A list of ours holds only people who agreed, each with where and when. Whether one may be mailed today is asked of
`mail.domain.suppression`: taking somebody off a list is not the same as never mailing them again.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.text import slugify

from core import audit, clock
from mail.domain import fields, states, subscriber_file, suppression
from mail.domain.fields import UnsendableError
from mail.domain.subscriber_file import BadRow, SubscriberRow, UnreadableFileError
from mail.models import (
    MailingList,
    Message,
    Reason,
    Scope,
    Segment,
    State,
    Subscriber,
    Suppression,
)

ACTIONS = MappingProxyType({
    "mail:list:open": "Mailing list opened",
    "mail:list:change": "Mailing list changed",
    "mail:list:import": "Subscribers imported",
    "mail:subscriber:add": "Subscriber added",
    "mail:subscriber:change": "Subscriber changed",
    "mail:subscriber:remove": "Subscriber removed",
})  # fmt: skip

BATCH = 1_000
# So many consents that gave way are kept word by word in the trail's event of one import.
REPLACED_KEPT = 200
# Why somebody is not mailed, the gravest first: each address counts once.
_GRAVITY = {reason: place for place, reason in enumerate((
    Reason.COMPLAINT, Reason.HARD_BOUNCE, Reason.UNSUBSCRIBED, Reason.SOFT_BOUNCES, Reason.BY_HAND,
))}  # fmt: skip


class ListRefusedError(ValueError):
    """A list or a subscriber cannot be as asked for; the message is a sentence."""


class ImportRefusedError(ListRefusedError):
    """A file was not imported; nothing changed. ``bad`` names every row that cannot be taken, in order."""

    def __init__(self, sentence: str, bad: tuple[BadRow, ...]) -> None:
        """Keep the rows, too."""
        super().__init__(sentence)
        self.bad = bad


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What importing a file did; ``bad`` are the rows left out on request, ``left_aside`` the columns that no list has.

    Of those who were on the list already, ``consents`` stand on another consent now, and ``kept`` still on the dated one
    they had, because the row's has no date or an older one.
    """

    added: int
    updated: int
    unchanged: int
    bad: tuple[BadRow, ...] = ()
    consents: int = 0
    kept: int = 0
    left_aside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """Who of an audience may be mailed: everybody in it, those held back by reason, and those left."""

    total: int
    suppressed: Mapping[Reason, int]

    @property
    def held_back(self) -> int:
        """How many are not mailed."""
        return sum(self.suppressed.values())

    @property
    def mailable(self) -> int:
        """How many are mailed."""
        return self.total - self.held_back


def open_list(
    *, name: str, purpose: str, entity_slug: str = "", by: AbstractBaseUser | None, at: dt.datetime
) -> MailingList:
    """Open a list.

    Raises:
        ListRefusedError: its name or purpose is empty, too long or not one line, or there is a list of that name.
    """
    name, purpose = _line(name, "name", 120), _line(purpose, "purpose", 200)
    slug = slugify(name)[:60] or "list"
    row = MailingList(slug=slug, name=name, purpose=purpose, entity_slug=entity_slug, created_at=at)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            audit.record(action="mail:list:open", subject=row, by=by, at=at, entity=entity_slug)
    except IntegrityError:
        raise ListRefusedError(
            f"There is a list called like {name!r} already; choose another name."
        ) from None
    return row


def change_list(
    *, mailing_list: MailingList, name: str, purpose: str, by: AbstractBaseUser | None, at: dt.datetime
) -> MailingList:
    """Change what a list is called and for; return it as it then is.

    Raises:
        ListRefusedError: its name or purpose is empty, too long or not one line.
    """
    name, purpose = _line(name, "name", 120), _line(purpose, "purpose", 200)
    data = {
        field: [old, new]
        for field, old, new in (("name", mailing_list.name, name), ("purpose", mailing_list.purpose, purpose))
        if old != new
    }
    if data:
        with transaction.atomic():
            MailingList.objects.filter(pk=mailing_list.pk).update(name=name, purpose=purpose)
            mailing_list.refresh_from_db()
            audit.record(
                action="mail:list:change",
                subject=mailing_list,
                by=by,
                at=at,
                entity=mailing_list.entity_slug,
                data=data,
            )
    return mailing_list


def subscribe(
    *,
    mailing_list: MailingList,
    address: str,
    name: str = "",
    consent_source: str,
    consented_on: dt.date | None = None,
    segments: Iterable[str] = (),
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> tuple[Subscriber, ImportResult]:
    """Put one address on a list, or bring what is known of it up to date; return it and what changed.

    Raises:
        ListRefusedError: the address, name, consent or a segment cannot be.
    """
    try:
        bare = fields.address(address, what="address")
        row = SubscriberRow(
            line=1,
            key=bare.lower(),
            address=bare,
            name=subscriber_file.clean_name(name),
            consent_source=subscriber_file.clean_source(consent_source),
            consented_on=consented_on,
            segments=tuple(subscriber_file.clean_segment(part) for part in segments if part.strip()),
        )
        if consented_on is not None:
            subscriber_file.check_consented_on(consented_on, today=clock.today(at=at))
    except UnsendableError as error:
        raise ListRefusedError(str(error)) from None
    with transaction.atomic():
        lock(mailing_list)
        upsert = _Upsert(mailing_list, at)
        added, updated = upsert.take([row])
        subscriber = Subscriber.objects.get(mailing_list=mailing_list, address_key=row.key)
        if added or updated:
            audit.record(
                action="mail:subscriber:add" if added else "mail:subscriber:change",
                subject=subscriber,
                by=by,
                at=at,
                entity=mailing_list.entity_slug,
                data={
                    "list": mailing_list.slug,
                    "consent_source": subscriber.consent_source,
                    **upsert.trace(),
                },
            )
    result = ImportResult(added, updated, 1 - added - updated, consents=upsert.renewed, kept=upsert.kept)
    return subscriber, result


def import_subscribers(
    *,
    mailing_list: MailingList,
    content: bytes,
    filename: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    skip_bad: bool = False,
) -> ImportResult:
    """Bring the subscribers of a CSV file onto a list, in one transaction; importing it again changes nothing.

    Who is there already is brought up to date: a name, a newer consent, more segments. A dated consent gives way to a
    later one alone, and what gave way is kept in the trail. Nobody is taken off and no segment is left. The file is read twice, so that memory does not grow with it.

    Raises:
        ImportRefusedError: it cannot be read, or has bad rows and ``skip_bad`` is not set; nothing changed.
    """
    today = clock.today(at=at)
    try:
        bad = tuple(row for row in subscriber_file.read(content, today=today) if isinstance(row, BadRow))
        left_aside = subscriber_file.left_aside(content)
    except UnreadableFileError as error:
        raise ImportRefusedError(str(error), (error.bad,)) from None
    if bad and not skip_bad:
        rows = "One row" if len(bad) == 1 else f"{len(bad):,} rows"
        raise ImportRefusedError(
            f"{rows} of the file cannot be taken, so nothing was imported. Mend them, or leave them out.", bad
        )
    added = updated = unchanged = 0
    with transaction.atomic():
        lock(mailing_list)
        upsert = _Upsert(mailing_list, at)
        rows_taken = (
            row for row in subscriber_file.read(content, today=today) if isinstance(row, SubscriberRow)
        )
        for batch in _batches(rows_taken):
            fresh, changed = upsert.take(batch)
            added, updated = added + fresh, updated + changed
            unchanged += len(batch) - fresh - changed
        result = ImportResult(added, updated, unchanged, bad, upsert.renewed, upsert.kept, left_aside)
        if result.added or result.updated:
            audit.record(
                action="mail:list:import",
                subject=mailing_list,
                by=by,
                at=at,
                entity=mailing_list.entity_slug,
                data={
                    "file": " ".join(
                        filename.replace("\x00", "").encode("utf-8", "replace").decode().split()
                    )[:200],
                    "added": result.added,
                    "updated": result.updated,
                    "left_out": len(bad),
                    **upsert.trace(),
                },
            )
    return result


def remove(*, subscriber: Subscriber, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Take a subscriber off their list, and what waits for them of its campaigns out of the outbox.

    Raises:
        ListRefusedError: they are off it already.
    """
    mailing_list = subscriber.mailing_list
    with transaction.atomic():
        suppression.fence(exclusive=True)
        data = {"list": mailing_list.slug, "consent_source": subscriber.consent_source}
        if not Subscriber.objects.filter(pk=subscriber.pk).exists():
            raise ListRefusedError(f"{subscriber.address} is off this list already.")
        audit.record(
            action="mail:subscriber:remove",
            subject=subscriber,
            by=by,
            at=at,
            entity=mailing_list.entity_slug,
            data=data,
        )
        Subscriber.objects.filter(pk=subscriber.pk).delete()
        states.move(
            Message.objects.filter(
                address_key=subscriber.address_key, campaign__in=mailing_list.campaigns.values("pk")
            ),
            State.SUPPRESSED,
            settled_at=at,
            error=f"This address was taken off the list “{mailing_list}” before the mail was sent.",
        )


def audience(*, mailing_list: MailingList, segment: Segment | None) -> Q:
    """Return which subscribers a list, or one segment of it, means."""
    return Q(mailing_list=mailing_list) if segment is None else Q(mailing_list=mailing_list, segments=segment)


def reachable(*, mailing_list: MailingList, segment: Segment | None) -> Reach:
    """Return how many of a list, or of one segment, may be mailed a campaign, and why the others may not. Two queries."""
    members = Subscriber.objects.filter(audience(mailing_list=mailing_list, segment=segment)).order_by()
    live = Suppression.objects.filter(lifted_at__isnull=True).filter(
        Q(scope__in=[Scope.ALL, Scope.COMMERCIAL]) | Q(scope=Scope.LIST, mailing_list=mailing_list)
    )
    why: dict[str, Reason] = {}
    for key, reason in (
        live.filter(address_key__in=members.values("address_key"))
        .order_by()
        .values_list("address_key", "reason")
    ):
        why[key] = min(why.get(key, Reason(reason)), Reason(reason), key=_GRAVITY.__getitem__)
    counts = dict.fromkeys(_GRAVITY, 0)
    for reason in why.values():
        counts[reason] += 1
    return Reach(members.count(), MappingProxyType({r: n for r, n in counts.items() if n}))


class _Upsert:
    """Brings rows onto one list, a batch at a time, inside a transaction that holds the list's lock."""

    def __init__(self, mailing_list: MailingList, at: dt.datetime) -> None:
        self.mailing_list, self.at = mailing_list, at
        self.segments = {name.lower(): pk for pk, name in mailing_list.segments.values_list("pk", "name")}
        self.renewed = self.kept = 0
        self.replaced: list[str] = []

    def trace(self) -> dict[str, Any]:
        """Return for the trail whose consent gave way to which, by the subscriber's number, the first of many."""
        if not self.renewed:
            return {}
        return {"consents_replaced": self.renewed, "were": self.replaced}

    def take(self, rows: list[SubscriberRow]) -> tuple[int, int]:
        """Add or update; return how many of each."""
        known = {
            row.address_key: row
            for row in Subscriber.objects.filter(
                mailing_list=self.mailing_list, address_key__in=[row.key for row in rows]
            )
        }
        fresh = Subscriber.objects.bulk_create(
            Subscriber(
                mailing_list=self.mailing_list,
                address=row.address,
                name=row.name,
                consent_source=row.consent_source,
                consented_on=row.consented_on,
                added_at=self.at,
            )
            for row in rows
            if row.key not in known
        )
        changed = {
            known[row.key].pk: known[row.key]
            for row in rows
            if row.key in known and self._learn(known[row.key], row)
        }
        Subscriber.objects.bulk_update(
            changed.values(), ["name", "consent_source", "consented_on"], batch_size=200
        )
        known |= {row.address.lower(): row for row in fresh}
        joined = self._join({known[row.key].pk: row.segments for row in rows if row.segments})
        return len(fresh), len((changed.keys() | joined) - {row.pk for row in fresh})

    def _learn(self, known: Subscriber, row: SubscriberRow) -> bool:
        """Bring a subscriber up to date with a row; return whether anything changed."""
        name = row.name or known.name
        had, said = (known.consent_source, known.consented_on), (row.consent_source, row.consented_on)
        dated, day = known.consented_on, row.consented_on
        if dated is not None and (day is None or day < dated):
            # The same words without their day say nothing else.
            self.kept += said not in ((had[0], None), had)
            said = had
        if (name, *said) == (known.name, *had):
            return False
        if said != had:
            self.renewed += 1
            if len(self.replaced) < REPLACED_KEPT:
                self.replaced.append(f"{known.pk}: {had[0]}, {had[1] or 'no date'}")
        known.name, (known.consent_source, known.consented_on) = name, said
        return True

    def _join(self, wanted: dict[int, tuple[str, ...]]) -> set[int]:
        """Put subscribers into segments; return those who were not in one of them yet."""
        if not wanted:
            return set()
        for name in (name for names in wanted.values() for name in names):
            if name.lower() not in self.segments:
                made = Segment.objects.create(mailing_list=self.mailing_list, name=name)
                self.segments[name.lower()] = made.pk
        through = Subscriber.segments.through
        there = set(
            through.objects.filter(subscriber__in=list(wanted)).values_list("subscriber_id", "segment_id")
        )
        pairs = {(pk, self.segments[name.lower()]) for pk, names in wanted.items() for name in names} - there
        with connection.cursor() as cursor:
            # The only words put in are the name of the table between the two; its rows are thousands and hold two keys.
            cursor.executemany(
                f"INSERT INTO {connection.ops.quote_name(through._meta.db_table)} "  # noqa: S608
                "(subscriber_id, segment_id) VALUES (%s, %s)",
                sorted(pairs),
            )
        return {pk for pk, _ in pairs}


def lock(mailing_list: MailingList) -> None:
    """Let one at a time change who is on a list, until the transaction ends."""
    if not MailingList.objects.select_for_update().filter(pk=mailing_list.pk).exists():
        raise ListRefusedError("This list is gone.")


def _batches(rows: Iterator[SubscriberRow]) -> Iterator[list[SubscriberRow]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _line(text: str, what: str, longest: int) -> str:
    try:
        line = fields.one_line(text, what=what, longest=longest)
    except UnsendableError as error:
        raise ListRefusedError(str(error)) from None
    if not line:
        raise ListRefusedError(f"The {what} is empty; write one.")
    return line
