"""Findings: noted, noted again with other words or weights, fixed, muted. What is noted is masked first."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.text import slugify

from core import audit
from portfolio.domain.technology.masking import mask
from portfolio.domain.technology.refused import TechnologyRefusedError, past
from portfolio.models import Entity, TechFinding, TechFindingKind, TechSystem

# What notes and people call the weights.
SEVERITIES: Mapping[str, int] = MappingProxyType({"critical": 4, "high": 3, "medium": 2, "low": 1})
LONGEST_MUTE_DAYS = 366


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding as somebody or something saw it: weights as in the model, words not yet masked."""

    key: str
    kind: TechFindingKind
    title: str
    severity: int
    exposure: int = 1
    effort: int = 1
    evidence: str = ""
    remedy: str = ""
    system: TechSystem | None = None
    source: str = ""


def note(
    *, entity: Entity, seen: Seen, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> TechFinding:
    """Write down what was seen of an entity on a local day; the same key again brings it up to date.

    Seen earlier than known, it is older than was thought; with other words or weights it has changed on that day; seen
    after it was fixed, it is open again. Nothing changes where it is seen as it is known.

    Raises:
        TechnologyRefusedError: it has no title, its weights are out of bounds, its system is another entity's, or the
            day lies ahead.
    """
    past(on, at)
    title = mask(seen.title).strip()[:200]
    key = slugify(mask(seen.key))[:80] or slugify(title)[:80]
    if not key:
        raise TechnologyRefusedError("Say in a few words what was found.")
    if not (1 <= seen.severity <= 4 and 1 <= seen.exposure <= 2 and 1 <= seen.effort <= 3):
        raise TechnologyRefusedError("Severity goes from 1 to 4, exposure from 1 to 2, effort from 1 to 3.")
    if seen.system is not None and seen.system.entity_id != entity.pk:
        raise TechnologyRefusedError(f"{seen.system} is not a system of {entity.name}.")
    said: dict[str, Any] = {
        "kind": seen.kind, "title": title, "severity": seen.severity, "exposure": seen.exposure, "effort": seen.effort,
        "evidence": mask(seen.evidence)[:250], "remedy": mask(seen.remedy)[:200],
        "system_id": seen.system.pk if seen.system else None,
    }  # fmt: skip
    with transaction.atomic():
        finding, made = TechFinding.objects.select_for_update().get_or_create(
            entity=entity,
            key=key,
            defaults={**said, "first_seen_on": on, "source": mask(seen.source)[:120]},
        )
        if made:
            _record(
                finding, entity, "note", {"kind": str(seen.kind), "severity": seen.severity}, by=by, at=at
            )
            return finding
        changed = _seen_again(finding, said, on)
        if changed:
            before = {name: _plain(getattr(finding, name)) for name in changed}
            TechFinding.objects.filter(pk=finding.pk).update(**changed)
            _record(
                finding,
                entity,
                "change",
                {k: [before[k], _plain(v)] for k, v in changed.items()},
                by=by,
                at=at,
            )
            for name, value in changed.items():
                setattr(finding, name, value)
    return finding


def check_newer(*, finding: TechFinding, on: dt.date) -> None:
    """Refuse a day as of which nothing that is said of a finding would count, for something newer is known.

    Raises:
        TechnologyRefusedError: it was first seen, changed or fixed after that day.
    """
    known = max(day for day in (finding.first_seen_on, finding.changed_on) if day is not None)
    if on < known:
        raise TechnologyRefusedError(
            f"What stands there is of {known:%-d %B %Y}; give that day or a later one, or nothing of it would change."
        )
    if finding.fixed_on is not None and on <= finding.fixed_on:
        raise TechnologyRefusedError(
            f"It was fixed on {finding.fixed_on:%-d %B %Y}; give a later day, on which it was seen again."
        )


def _seen_again(finding: TechFinding, said: Mapping[str, Any], on: dt.date) -> dict[str, Any]:
    """Return the columns that a later or earlier sight of a finding changes.

    What a sight says nothing about stays as it was said before, and what nobody had said yet is filled in; neither is a
    change of the finding.
    """
    given = {name: value for name, value in said.items() if value not in ("", None)}
    filled = {name: value for name, value in given.items() if getattr(finding, name) in ("", None)}
    if on < finding.first_seen_on:
        return {"first_seen_on": on, **filled}
    changed: dict[str, Any] = dict(filled)
    if finding.fixed_on is not None:
        if on <= finding.fixed_on:
            return {}
        # What was set aside is not what came back.
        changed |= {"fixed_on": None, "changed_on": on}
        changed |= {"muted_until": None, "mute_reason": ""} if finding.muted_until else {}
    if finding.changed_on is None or on >= finding.changed_on:
        moved = {name: value for name, value in given.items() if getattr(finding, name) != value}
        if moved.keys() - filled.keys():
            changed |= {**moved, "changed_on": on}
    return changed


def fix(*, finding: TechFinding, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Say that a finding was put right on a local day.

    Raises:
        TechnologyRefusedError: the day lies ahead or before it was seen, or it is fixed already.
    """
    past(on, at)
    if on < finding.first_seen_on:
        raise TechnologyRefusedError(
            f"It was first seen on {finding.first_seen_on:%-d %B %Y}; it cannot have been fixed before."
        )
    _move(finding, {"fixed_on": on}, "fix", {"on": on.isoformat()}, by=by, at=at, fixed_on__isnull=True)


def mute(
    *,
    finding: TechFinding,
    until: dt.date,
    reason: str,
    today: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Set a finding aside until a local day, on which it counts again.

    Raises:
        TechnologyRefusedError: there is no reason, the day is not ahead or is beyond a year, or it is fixed.
    """
    reason = mask(reason).strip()[:200]
    if not reason:
        raise TechnologyRefusedError("Say why it is set aside; the report prints it.")
    if not today < until <= today + dt.timedelta(days=LONGEST_MUTE_DAYS):
        raise TechnologyRefusedError("Set it aside until a day that lies ahead, a year at the most.")
    _move(
        finding, {"muted_until": until, "mute_reason": reason}, "mute", {"until": until.isoformat(), "reason": reason},
        by=by, at=at, fixed_on__isnull=True,
    )  # fmt: skip


def unmute(*, finding: TechFinding, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Let a muted finding count again at once.

    Raises:
        TechnologyRefusedError: it is not muted.
    """
    _move(
        finding, {"muted_until": None, "mute_reason": ""}, "unmute", {}, by=by, at=at, muted_until__isnull=False
    )  # fmt: skip


def _move(
    finding: TechFinding,
    values: dict[str, Any],
    verb: str,
    data: dict[str, Any],
    *,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    **still: bool,
) -> None:
    with transaction.atomic():
        if not TechFinding.objects.filter(pk=finding.pk, **still).update(**values):
            raise TechnologyRefusedError(f"“{finding}” does not stand like that any more; look at it again.")
        _record(finding, finding.entity, verb, data, by=by, at=at)
    for name, value in values.items():
        setattr(finding, name, value)


def _record(
    finding: TechFinding,
    entity: Entity,
    verb: str,
    data: dict[str, Any],
    *,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    audit.record(
        action=f"portfolio:tech_finding:{verb}", subject=finding, at=at, by=by, entity=entity.slug, data=data
    )


def _plain(value: Any) -> Any:
    return (
        value.isoformat()
        if isinstance(value, dt.date)
        else str(value)
        if isinstance(value, TechFindingKind)
        else value
    )
