"""Landing the businesses' own exports as records: bookings, stays, category rules, targets and capital options.

They land like statements do (`portfolio.domain.landing`): whole or not at all, and a line once. Files that become
journal entries stand next door in `portfolio.domain.intake`; what a booking's stages mean, in
`portfolio.domain.bookings`.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit, clock
from portfolio.domain import held, landing, ledger
from portfolio.domain.accounts import COMMISSIONS, Accounts
from portfolio.domain.landing import LandedFile, NewLine
from portfolio.formats import stays, tables
from portfolio.formats.errors import FormatError
from portfolio.models import (
    AccountRole,
    Asset,
    AssetKind,
    Booking,
    BookingCost,
    BookingStage,
    CapitalOption,
    CategoryRule,
    Channel,
    ChannelStatus,
    Entity,
    EntrySource,
    ImportedLine,
    ImportKind,
    MonthlyTarget,
    Stay,
)

DIRECT = "direct"


def land_bookings(*, data: bytes, name: str, by: AbstractBaseUser | None, at: dt.datetime) -> LandedFile:
    """Land bookings and enquiries as they stand, with their expected costs.

    A booking that landed before is left alone. Money is not posted here: what clients paid comes with the card
    processor's and the bank's files, and completed bookings are earned by
    `portfolio.domain.recognition.recognise_due`.

    Raises:
        FormatError: the file cannot be read, names an unknown entity or channel, or contradicts what landed before.
    """
    with transaction.atomic():
        rows = tables.parse_bookings(data, name=name)
        entities = landing.entities_named(((row.line, row.entity) for row in rows), name=name)
        landing.lock(*entities.values())
        kept: list[tuple[Entity, NewLine]] = []
        for slug, entity in entities.items():
            group = [row for row in rows if row.entity == slug]
            lines = [_booking_line(row) for row in group]
            fresh = landing.unseen(entity=entity, kind=ImportKind.BOOKINGS, lines=lines, name=name)
            _refuse_known(entity, [group[n] for n in fresh], name)
            channels = _channels(entity, [group[n] for n in fresh], name)
            vessel = _only_vessel(entity)
            made = Booking.objects.bulk_create(
                [_booking(entity, group[n], channels, vessel, name) for n in fresh], batch_size=500
            )
            BookingCost.objects.bulk_create(
                (
                    BookingCost(booking=booking, kind=kind, amount_minor=amount)
                    for booking, n in zip(made, fresh, strict=True)
                    for kind, amount in group[n].costs
                ),
                batch_size=1000,
            )
            for booking, n in zip(made, fresh, strict=True):
                lines[n].booking_id = booking.pk
                kept.append((entity, lines[n]))
        last = max((row.enquired_on for row in rows), default=None)
        return _kept(ImportKind.BOOKINGS, name, data, len(rows), kept, last, by, at)


def land_stays(*, data: bytes, name: str, by: AbstractBaseUser | None, at: dt.datetime) -> LandedFile:
    """Land stays at a rental as bookings, and post the fee that a channel kept from each payout.

    The payout itself arrives at the bank net of the fee, so the fee is added to sales and to commissions on the day
    the stay began. A stay that a handoff note brought before, or that a person entered, takes the export's reference and
    days, and one that was called off is there as cancelled.

    Raises:
        FormatError: the file cannot be read, names an unknown entity, contradicts what landed before, touches a closed
            month, or tells of a stay that a person entered and the books name already.
    """
    with transaction.atomic():
        rows = stays.parse_stays(data, name=name)
        entities = landing.entities_named(((row.line, row.entity) for row in rows), name=name)
        landing.lock(*entities.values())
        noted = _noted(entities.values(), rows)
        kept: list[tuple[Entity, NewLine]] = []
        for slug, entity in entities.items():
            group = [row for row in rows if row.entity == slug]
            lines = [
                NewLine(row.line, row.reference, row.check_in, row.gross_minor,
                        f"Stay {row.check_in} to {row.check_out}, {row.channel}",
                        (row.check_in.isoformat(), row.check_out.isoformat(), row.channel, row.gross_minor,
                         row.fee_minor))
                for row in group
            ]  # fmt: skip
            fresh = landing.unseen(entity=entity, kind=ImportKind.STAYS, lines=lines, name=name)
            posted = [lines[n] for n in fresh if group[n].paid and group[n].fee_minor]
            landing.refuse_closed(entity=entity, lines=posted, name=name, column="check_in")
            landing.refuse_early(entity=entity, lines=posted, name=name, column="check_in")
            for n in fresh:
                booking = _stay(entity, group[n], _known_of(entity, group[n], noted, name), name)
                lines[n].booking_id = booking.pk
                kept.append((entity, lines[n]))
            _post_fees(entity, [(group[n], lines[n]) for n in fresh], name, by, at)
        last = max((row.check_in for row in rows), default=None)
        return _kept(ImportKind.STAYS, name, data, len(rows), kept, last, by, at)


def land_rules(*, data: bytes, name: str, by: AbstractBaseUser | None, at: dt.datetime) -> int:
    """Land category rules; one with the same text, direction and amounts takes the file's account. Return how many there are.

    Raises:
        FormatError: the file cannot be read or names an unknown entity or account.
    """
    with transaction.atomic():
        rows = tables.parse_rules(data, name=name)
        entities = landing.entities_named(((row.line, row.entity) for row in rows), name=name)
        accounts = {slug: {a.code: a for a in entity.accounts.all()} for slug, entity in entities.items()}
        rules: dict[tuple[int, str, str, int | None, int | None], CategoryRule] = {}
        for row in rows:
            account = accounts[row.entity].get(row.account)
            if account is None:
                raise FormatError(
                    file=name,
                    line=row.line,
                    column="account",
                    reason=f"{row.entity} has no account {row.account}",
                    fix="add it to the chart of accounts or correct the code",
                )
            rule = CategoryRule(
                entity=entities[row.entity], position=row.position, contains=row.contains, account=account,
                direction=row.direction, at_least_minor=row.at_least_minor, at_most_minor=row.at_most_minor,
            )  # fmt: skip
            if rules.setdefault(_caught_by(rule), rule) is not rule:
                raise FormatError(
                    file=name, line=row.line, column="contains", reason=f"“{row.contains}” stands twice",
                    fix="keep one of the two, or tell them apart by direction or amounts",
                )  # fmt: skip
        landing.lock(*entities.values())
        known = {_caught_by(rule): rule for rule in CategoryRule.objects.filter(entity__in=entities.values())}
        for caught, rule in rules.items():
            if (stands := known.get(caught)) is not None:
                CategoryRule.objects.filter(pk=stands.pk).update(position=rule.position, account=rule.account)
        CategoryRule.objects.bulk_create(rule for caught, rule in rules.items() if caught not in known)
        _recorded("portfolio:rules:land", entities.values(), name, len(rows), by, at)
        return len(rows)


def _caught_by(rule: CategoryRule) -> tuple[int, str, str, int | None, int | None]:
    """Return what no two rules of an entity share."""
    return rule.entity_id, rule.contains, str(rule.direction), rule.at_least_minor, rule.at_most_minor


def land_targets(*, data: bytes, name: str, by: AbstractBaseUser | None, at: dt.datetime) -> int:
    """Land monthly revenue targets; a month that has one takes the file's. Return how many there are.

    Raises:
        FormatError: the file cannot be read or names an unknown entity.
    """
    with transaction.atomic():
        rows = tables.parse_targets(data, name=name)
        entities = landing.entities_named(((row.line, row.entity) for row in rows), name=name)
        MonthlyTarget.objects.bulk_create(
            [
                MonthlyTarget(
                    entity=entities[row.entity],
                    month=row.month,
                    revenue_minor=row.revenue_minor,
                    source=row.source or landing.origin(name, row.line)[-120:],
                )
                for row in rows
            ],
            update_conflicts=True,
            unique_fields=["entity", "month"],
            update_fields=["revenue_minor", "source"],
        )
        _recorded("portfolio:targets:land", entities.values(), name, len(rows), by, at)
        return len(rows)


def land_capital(*, data: bytes, name: str, by: AbstractBaseUser | None, at: dt.datetime) -> int:
    """Land capital options; one with the same name takes the file's figures. Return how many there are.

    Raises:
        FormatError: the file cannot be read or names an unknown entity.
    """
    with transaction.atomic():
        rows = tables.parse_capital(data, name=name)
        entities = landing.entities_named(((row.line, row.entity) for row in rows), name=name)
        CapitalOption.objects.bulk_create(
            [
                CapitalOption(
                    entity=entities[row.entity],
                    tier=row.tier,
                    name=row.name,
                    outlay_minor=row.outlay_minor,
                    monthly_return_minor=row.monthly_return_minor,
                    source=row.source,
                )
                for row in rows
            ],
            update_conflicts=True,
            unique_fields=["entity", "name"],
            update_fields=["tier", "outlay_minor", "monthly_return_minor", "source"],
        )
        _recorded("portfolio:capital:land", entities.values(), name, len(rows), by, at)
        return len(rows)


def _booking_line(row: tables.BookingRow) -> NewLine:
    body = tuple(getattr(row, column) for column in row.__slots__ if column != "line")
    return NewLine(row.line, row.reference, row.enquired_on, row.price_minor, row.title, body)


def _booking(
    entity: Entity, row: tables.BookingRow, channels: dict[str, Channel], vessel: Asset | None, name: str
) -> Booking:
    zone = clock.zone(entity.zone)
    return Booking(
        entity=entity,
        reference=row.reference,
        title=row.title,
        kind=row.kind,
        asset=vessel if row.kind == "charter" else None,
        channel=channels.get(row.channel.casefold()),
        client_name=row.client_name,
        client_email=row.client_email,
        party_size=row.party_size,
        stage=row.stage,
        enquired_on=row.enquired_on,
        quoted_on=row.quoted_on,
        booked_on=row.booked_on,
        completed_on=row.completed_on,
        ended_on=row.ended_on,
        starts_at=row.starts_at.replace(tzinfo=zone) if row.starts_at else None,
        ends_at=row.ends_at.replace(tzinfo=zone) if row.ends_at else None,
        service_on=row.starts_at.date() if row.starts_at else None,
        price_minor=row.price_minor,
        deposit_minor=row.deposit_minor,
        paid_minor=row.paid_minor,
        cancellation_terms=row.cancellation_terms,
        stripe_id=row.stripe_id,
        source=landing.origin(name, row.line)[-120:],
    )


def _refuse_known(entity: Entity, rows: Sequence[tables.BookingRow], name: str) -> None:
    """Refuse references of bookings that somebody entered: an export does not overwrite a person's work."""
    known = set(Booking.objects.filter(entity=entity).values_list("reference", flat=True))
    for row in rows:
        if row.reference in known:
            raise FormatError(
                file=name,
                line=row.line,
                column="reference",
                reason=f"{row.reference} is in the records already, entered by hand or read from a note",
                fix="change it in the portal and leave this row out",
            )


def _channels(entity: Entity, rows: Sequence[tables.BookingRow], name: str) -> dict[str, Channel]:
    """Return the channels that rows name; our own site is opened where an entity has not listed it."""
    channels = {channel.slug: channel for channel in entity.channels.all()}
    for row in rows:
        slug = row.channel.casefold()
        if slug == DIRECT and slug not in channels:
            channels[slug] = Channel.objects.create(
                entity=entity, slug=DIRECT, name="Direct", status=ChannelStatus.LIVE, marketplace=False,
                source=landing.origin(name, row.line)[-120:],
            )  # fmt: skip
        if slug and slug not in channels:
            raise FormatError(
                file=name,
                line=row.line,
                column="channel",
                reason=f"{row.channel!r} is no channel of {entity.slug}",
                fix=f"use one of {', '.join(sorted(channels)) or DIRECT} or add the channel first",
            )
    return channels


def _only_vessel(entity: Entity) -> Asset | None:
    """Return an entity's vessel where it has exactly one, so that its charters count as its use."""
    vessels = list(Asset.objects.filter(entity=entity, kind=AssetKind.VESSEL)[:2])
    return vessels[0] if len(vessels) == 1 else None


_Told = dict[tuple[int, dt.date], list[Booking]]


def _noted(entities: Iterable[Entity], rows: Sequence[stays.StayRow]) -> _Told:
    """Return the stays no export has told of yet, by entity and first day, locked before anything is posted."""
    arrivals = [row.check_in for row in rows]
    if not arrivals:
        return {}
    kept = list(entities)
    landed = ImportedLine.objects.filter(entity__in=kept, kind=ImportKind.STAYS, booking__isnull=False)
    told = Booking.objects.filter(
        entity__in=kept, kind="stay", service_on__range=(min(arrivals), max(arrivals))
    ).exclude(pk__in=landed.values("booking_id"))
    held.lock(told.values_list("pk", flat=True))
    found: _Told = defaultdict(list)
    for booking in told.select_related("stay").order_by("pk"):
        if booking.service_on is not None:
            found[booking.entity_id, booking.service_on].append(booking)
    return found


def _known_of(entity: Entity, row: stays.StayRow, noted: _Told, name: str) -> Booking | None:
    """Take the stay that a row tells of out of those known: a note's by its first day, a person's by its channel too.

    One that was called off is only taken by a row that says so.

    Raises:
        FormatError: the books name it already, so that the payout would earn it a second time.
    """
    known = noted.get((entity.pk, row.check_in), [])
    for booking in known:
        nights: Stay | None = getattr(booking, "stay", None)
        alike = (
            nights is None
            or booking.reference.startswith("STAY-")
            or nights.channel_name.casefold() == row.channel.casefold()
        )
        gone = booking.stage in (BookingStage.CANCELLED, BookingStage.LOST)
        if not alike or (gone and row.cancelled_on is None):
            continue
        if booking.postings.exists():
            raise FormatError(
                file=name,
                line=row.line,
                column="reference",
                reason=f"{row.reference} is {booking.reference} in the records, and the books name that already",
                fix="leave this row out, or take back what was posted for it first",
            )
        known.remove(booking)
        return booking
    return None


def _stay(entity: Entity, row: stays.StayRow, noted: Booking | None, name: str) -> Booking:
    done = row.paid  # Channels pay once the guests have come.
    facts: dict[str, Any] = {
        "title": f"Stay {row.check_in} to {row.check_out}, {row.channel}",
        "kind": "stay",
        "stage": BookingStage.CANCELLED
        if row.cancelled_on
        else BookingStage.COMPLETED
        if done
        else BookingStage.BOOKED,
        "service_on": row.check_in,
        "booked_on": row.booked_on,
        "completed_on": row.check_out if done else None,
        "ended_on": row.cancelled_on,
        "party_size": row.guests,
        "price_minor": row.gross_minor,
        "paid_minor": row.gross_minor if row.paid else 0,
        "source": landing.origin(name, row.line)[-120:],
    }
    if noted is None:
        # The export does not say when the stay was asked for, and a booking is known from that day on.
        booking = Booking.objects.create(entity=entity, reference=row.reference, enquired_on=None, **facts)
    else:
        Booking.objects.filter(pk=noted.pk).update(reference=row.reference, **facts)
        booking = noted
    BookingCost.objects.bulk_create(
        [
            BookingCost(booking=booking, kind="commission", amount_minor=row.fee_minor),
            BookingCost(booking=booking, kind="other", amount_minor=row.cleaning_minor),
        ],
        update_conflicts=True,
        unique_fields=["booking", "kind"],
        update_fields=["amount_minor"],
    )
    Stay.objects.update_or_create(
        booking=booking,
        defaults={"check_in": row.check_in, "check_out": row.check_out, "channel_name": row.channel},
    )
    return booking


def _post_fees(
    entity: Entity,
    stays: Iterable[tuple[stays.StayRow, NewLine]],
    name: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    accounts = Accounts(entity)
    charged = [(row, line) for row, line in stays if row.paid and row.fee_minor]
    if not charged:
        return
    commissions, sales = accounts.coded(COMMISSIONS), accounts.of(AccountRole.REVENUE)
    bookings = Booking.objects.in_bulk([line.booking_id for _, line in charged])
    drafts = [
        ledger.Draft(
            on=row.check_in,
            memo=f"{row.channel} kept of {row.reference}",
            lines=(
                ledger.Line(commissions, row.fee_minor, bookings[line.booking_id]),
                ledger.Line(sales, -row.fee_minor, bookings[line.booking_id]),
            ),
            source=EntrySource.INVOICE,
            external_id=f"stay:{row.reference}:fee",
            origin=landing.origin(name, row.line),
        )
        for row, line in charged
        if line.booking_id is not None
    ]
    landing.post(entity=entity, drafts=drafts, lines=[line for _, line in charged], name=name, by=by, at=at)


def _kept(
    kind: ImportKind, name: str, data: bytes, read: int, kept: Sequence[tuple[Entity, NewLine]],
    covers_to: dt.date | None, by: AbstractBaseUser | None, at: dt.datetime,
) -> LandedFile:  # fmt: skip
    file = landing.keep(
        entity=None, kind=kind, name=name, data=data, lines=kept, read=read, covers_to=covers_to, by=by, at=at
    )
    return LandedFile(file, read, len(kept))


def _recorded(
    action: str,
    entities: Iterable[Entity],
    name: str,
    count: int,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Record one event for each entity that a file of plans or rules touched."""
    for entity in entities:
        audit.record(
            action=action,
            subject=entity,
            by=by,
            at=at,
            entity=entity.slug,
            data={"file": name, "rows": count},
        )
