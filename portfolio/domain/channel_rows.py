"""What people write down of a channel over time: gates and their passing, the plan, what they saw, what it counted and cost.

Everything here is dated and has its source. A month's counts and spend are set in place, and the trail keeps what stood
there; what somebody saw on a day, and a commission from a day on, are rows beside the old.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from core import audit, months
from portfolio.domain.channels import Gate, keep_open_gates, set_gates
from portfolio.models import (
    Channel,
    ChannelCount,
    ChannelGate,
    ChannelPresence,
    ChannelSpend,
    ChannelStatus,
    Commission,
    Entity,
)


class ChannelRefusedError(Exception):
    """Something about a channel that cannot be kept; the message is a sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How a channel showed us; None is not looked up. Prices are cents of one offer there and on our own site."""

    photos: int | None = None
    listed_minor: int | None = None
    direct_minor: int | None = None
    reviews: int | None = None
    rating_x100: int | None = None
    calendar_synced: bool | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is next for a channel, who takes that step, and what the channel is expected to bring a month, in cents."""

    next_step: str = ""
    next_owner: str = ""
    expected_minor: int | None = None
    expected_source: str = ""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a channel cost in a month: cents, and minutes of work at so many cents an hour."""

    spend_minor: int = 0
    labour_minutes: int = 0
    labour_rate_minor: int = 0


def _not_ahead(on: dt.date, today: dt.date) -> None:
    if on > today:
        raise ChannelRefusedError(f"{on:%-d %B %Y} has not come yet; give a day up to today.")


def open_channel(
    *,
    entity: Entity,
    name: str,
    marketplace: bool,
    source: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> Channel:
    """Write down a channel that is not listed yet.

    Raises:
        ChannelRefusedError: the entity has one of that name, or the name has no letter to be addressed by.
    """
    slug = slugify(name)[:40]
    if not slug:
        raise ChannelRefusedError("Give the channel a name with letters or digits in it.")
    try:
        with transaction.atomic():
            channel = Channel.objects.create(
                entity=entity, slug=slug, name=name, status=ChannelStatus.NOT_LISTED, marketplace=marketplace,
                source=source,
            )  # fmt: skip
            audit.record(
                action="portfolio:channel:add", subject=channel, by=by, at=at, entity=entity.slug,
                data={"name": name, "marketplace": marketplace},
            )  # fmt: skip
    except IntegrityError as error:
        raise ChannelRefusedError(
            f"{entity.name} has a channel like {name} already; change that one, or call this one something else."
        ) from error
    return channel


def plan(*, channel: Channel, plan: Plan, by: AbstractBaseUser | None, at: dt.datetime) -> bool:
    """Say what is next for a channel and what it is expected to bring; return whether anything changed.

    Raises:
        ChannelRefusedError: an expectation has no source.
    """
    if plan.expected_minor is not None and not plan.expected_source:
        raise ChannelRefusedError("Say where the expectation comes from: who says so, or which paper.")
    with transaction.atomic():
        now = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
        values = asdict(plan)
        changes = {
            name: [getattr(now, name), value] for name, value in values.items() if getattr(now, name) != value
        }
        if not changes:
            return False
        Channel.objects.filter(pk=channel.pk).update(**{name: values[name] for name in changes})
        audit.record(
            action="portfolio:channel:plan", subject=channel, by=by, at=at, entity=channel.entity.slug, data=changes
        )  # fmt: skip
    return True


def add_gate(
    *,
    channel: Channel,
    name: str,
    external: bool,
    source: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Set one more gate before a channel.

    Raises:
        ChannelRefusedError: it has one of that name.
    """
    with transaction.atomic():
        if ChannelGate.objects.filter(channel=channel, name=name).exists():
            raise ChannelRefusedError(f"{channel} has a gate “{name}” already.")
        set_gates(channel=channel, gates=[Gate(name, external)], source=source)
        audit.record(
            action="portfolio:channel:gate", subject=channel, by=by, at=at, entity=channel.entity.slug,
            data={"gate": name, "external": external},
        )  # fmt: skip


def pass_gate(
    *,
    gate: ChannelGate,
    on: dt.date,
    evidence: str,
    today: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Say that a gate is passed, since when, and what shows it.

    Raises:
        ChannelRefusedError: it is passed already, or the day lies ahead.
    """
    _not_ahead(on, today)
    channel = gate.channel
    with transaction.atomic():
        Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
        waiting = ChannelGate.objects.filter(pk=gate.pk, passed_on__isnull=True)
        if not waiting.update(passed_on=on, evidence=evidence):
            raise ChannelRefusedError(f"“{gate}” of {channel} is passed already; look at it again.")
        keep_open_gates(channel=channel)
        audit.record(
            action="portfolio:channel:pass", subject=channel, by=by, at=at, entity=channel.entity.slug,
            data={"gate": gate.name, "on": on.isoformat(), "evidence": evidence},
        )  # fmt: skip


def see(
    *,
    channel: Channel,
    on: dt.date,
    seen: Seen,
    source: str,
    today: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> ChannelPresence:
    """Write down how a channel showed us on a day.

    Raises:
        ChannelRefusedError: nothing was looked up, somebody wrote that day down, or the day lies ahead.
    """
    _not_ahead(on, today)
    if all(value is None for value in asdict(seen).values()):
        raise ChannelRefusedError("Write down at least one thing that you saw.")
    try:
        with transaction.atomic():
            row = ChannelPresence.objects.create(channel=channel, on=on, source=source, **asdict(seen))
            audit.record(
                action="portfolio:channel:see", subject=channel, by=by, at=at, entity=channel.entity.slug,
                data={"on": on.isoformat(), **asdict(seen)},
            )  # fmt: skip
    except IntegrityError as error:
        raise ChannelRefusedError(
            f"How {channel} showed us on {on:%-d %B %Y} is written down already; a later day takes a new look."
        ) from error
    return row


def count(
    *,
    channel: Channel,
    month: int,
    counts: Mapping[str, int | None],
    source: str,
    this_month: int,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> bool:
    """Set what a channel counted in a month, by step; None takes a count away. Return whether anything changed.

    Raises:
        ChannelRefusedError: the month lies ahead.
    """
    if month > this_month:
        raise ChannelRefusedError(f"{months.label(month)} has not begun; nothing is counted in it.")
    with transaction.atomic():
        Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
        rows = ChannelCount.objects.filter(channel=channel, month=month)
        old = dict(rows.values_list("step", "count"))
        changed = {step: number for step, number in counts.items() if old.get(step) != number}
        if not changed:
            return False
        rows.filter(step__in=[step for step, number in changed.items() if number is None]).delete()
        ChannelCount.objects.bulk_create(
            (
                ChannelCount(channel=channel, month=month, step=step, count=number, source=source)
                for step, number in changed.items()
                if number is not None
            ),
            update_conflicts=True,
            unique_fields=["channel", "month", "step"],
            update_fields=["count", "source"],
        )
        audit.record(
            action="portfolio:channel:count", subject=channel, by=by, at=at, entity=channel.entity.slug,
            data={
                "month": months.iso(month),
                **{step: [old.get(step), number] for step, number in changed.items()},
            },
        )  # fmt: skip
    return True


def spend(
    *,
    channel: Channel,
    month: int,
    spent: Spent,
    source: str,
    this_month: int,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> bool:
    """Set what a channel cost in a month beside its commission; return whether anything changed.

    Raises:
        ChannelRefusedError: the month lies ahead, or work has no rate.
    """
    if month > this_month:
        raise ChannelRefusedError(f"{months.label(month)} has not begun; nothing is spent in it.")
    if spent.labour_minutes and not spent.labour_rate_minor:
        raise ChannelRefusedError("Say what an hour of the work is worth.")
    with transaction.atomic():
        Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
        now = ChannelSpend.objects.filter(channel=channel, month=month).first()
        before = None if now is None else Spent(now.spend_minor, now.labour_minutes, now.labour_rate_minor)
        if before == spent:
            return False
        ChannelSpend.objects.update_or_create(
            channel=channel, month=month, defaults={**asdict(spent), "source": source}
        )
        audit.record(
            action="portfolio:channel:spend", subject=channel, by=by, at=at, entity=channel.entity.slug,
            data={"month": months.iso(month), "before": before and asdict(before), "now": asdict(spent)},
        )  # fmt: skip
    return True


def agree_commission(
    *,
    channel: Channel,
    effective_on: dt.date,
    rate_bp: int,
    source: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> Commission:
    """Write down a commission that holds from a day on; the one before it stays for the days it held.

    Raises:
        ChannelRefusedError: one holds from that very day.
    """
    try:
        with transaction.atomic():
            row = Commission.objects.create(
                channel=channel, effective_on=effective_on, rate_bp=rate_bp, source=source
            )
            audit.record(
                action="portfolio:channel:commission", subject=channel, by=by, at=at, entity=channel.entity.slug,
                data={"from": effective_on.isoformat(), "rate_bp": rate_bp},
            )  # fmt: skip
    except IntegrityError as error:
        raise ChannelRefusedError(
            f"A commission of {channel} holds from {effective_on:%-d %B %Y} already; give the new one a later day."
        ) from error
    return row
