"""Technical debt, deployments and cache headers, as a note says. Notes are masked before they get here."""

import datetime as dt
import re
from typing import NamedTuple

from django.utils.text import slugify

from portfolio.domain.adoption import reading
from portfolio.domain.adoption.reading import Adopter
from portfolio.domain.technology.findings import SEVERITIES
from portfolio.formats.handoff import Handoff
from portfolio.formats.handoff_rows import HandoffRow, RowKind
from portfolio.models import (
    CacheRule,
    Deployment,
    DeploymentOutcome,
    Entity,
    TechFinding,
    TechFindingKind,
)


class _Known(NamedTuple):
    """A weakness many have: the words that tell it, its short name, what it is about, and what puts it right."""

    words: re.Pattern[str]
    key: str
    kind: TechFindingKind
    remedy: str


def _known(words: str, key: str, kind: TechFindingKind, remedy: str) -> _Known:
    return _Known(re.compile(words, re.IGNORECASE), key, kind, remedy)


_SECURITY, _UX, _CYCLE = TechFindingKind.SECURITY, TechFindingKind.UX, TechFindingKind.CYCLE
_DNS, _CACHE = TechFindingKind.DNS, TechFindingKind.CACHE
# The first that fits decides.
_WEAKNESSES = (
    _known(r"\bkeys?\b.*hard-?coded|hard-?coded.*\bkeys?\b", "keys-in-code", _SECURITY,
           "Move the keys into a secret store and change them"),
    _known(r"plain-?text.*\benv\b|\benv\b.*committed", "env-file-in-git", _SECURITY,
           "Take the file out of the repository and its history, and change every value in it"),
    _known(r"unauthenticated|without authentication|unsigned requests", "unauthenticated-requests", _SECURITY,
           "Ask every request for a signature, and refuse those without one"),
    _known(r"\bWAF\b", "no-waf", _SECURITY, "Put a web application firewall before the distribution"),
    _known(r"(?:signing|token).*secret", "signing-secret", _SECURITY,
           "Move the secret into a secret store and sign with a new one"),
    _known(r"rate limit", "no-rate-limit", _SECURITY, "Set a rate limit on every route"),
    _known(r"availability calendar", "no-availability-calendar", _UX, "Show free days on the booking page"),
    _known(r"analytics", "no-analytics", _UX, "Count visits and enquiries on every page"),
    _known(r"\btier copy\b|copy is stale", "stale-tier-copy", _UX, "Write the tiers anew as they are sold"),
    _known(r"\bCI/CD\b|\bCI\b", "no-ci-cd", _CYCLE, "Build and test every change before it goes out"),
    _known(r"\bstaging\b", "no-staging", _CYCLE, "Set up a copy to try releases on"),
    _known(r"rollback", "no-rollback", _CYCLE, "Let a failed release be taken back by itself"),
    _known(r"\bTTLs?\b.*differ|differ.*\bTTLs?\b", "ttl-mismatch", _DNS, "Give the records one TTL"),
    _known(r"\bDNS\b|\bSPF\b|\bDKIM\b|\bDMARC\b", "dns", _DNS, "Put the records right"),
    _known(r"cache", "cache", _CACHE, "Say one time, in one place"),
)  # fmt: skip
# "No CI/CD, no staging, no automated rollback" is three gaps on one line.
_NEXT = re.compile(r",\s+(?=no\s)", re.IGNORECASE)
# "212 passed, 0 failed" went well.
_FAILED = re.compile(r"(?<!\b0 )(?<!\bno )\bfail")
_HEADER = re.compile(
    r"cache\w*(?: \w+){0,3} on (?P<path>[\w./*-]{1,200}) is (?P<one>[0-9]{1,8}) ?s in (?P<here>[\w ]{1,60}?) and "
    r"(?P<two>[0-9]{1,8}) ?s in (?P<there>[\w ]{1,60})",
    re.IGNORECASE | re.ASCII,
)


def _adopt_debt(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    """Make a finding of each weakness a task names; one that is fixed is dated by the note where it says no day."""
    made = 0
    for title in _NEXT.split(row.label):
        known = next((entry for entry in _WEAKNESSES if entry.words.search(title)), None)
        kind = known.kind if known else _UX if "ux" in row.tags else TechFindingKind.DEBT
        # What was fixed keeps a name of its own, so that the same weakness found anew is another finding.
        key = known.key if known is not None and not row.done else slugify(title)[:80]
        if not key:
            continue
        fixed_on = (row.done_on or note.updated_on) if row.done else None
        _, fresh = TechFinding.objects.get_or_create(
            entity=entity,
            key=key,
            defaults={
                "kind": kind,
                "title": (title[:1].upper() + title[1:])[:200],
                "severity": SEVERITIES.get(row.severity, SEVERITIES["medium"]),
                "exposure": 2 if row.exposure == "internet" else 1,
                "effort": row.effort if row.effort in (1, 2, 3) else 1,
                "remedy": known.remedy if known else "",
                "first_seen_on": min(fixed_on or note.updated_on, note.updated_on),
                "fixed_on": fixed_on,
                "source": reading.source(note, row),
            },
        )
        made += fresh
    return made


def _adopt_deployment(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    """Make a release of a row; a failed one was made good by the next of the same thing that went well."""
    when, what, outcome = row.cell("When"), row.cell("What"), _outcome(row)
    if when is None or when.at is None or what is None or not what.text:
        return 0
    restored = None
    if outcome != DeploymentOutcome.OK:
        restored = min(
            (
                at
                for later in note.of(RowKind.DEPLOYMENT)
                if (at := _at(later)) is not None
                and at >= when.at
                and _outcome(later) == DeploymentOutcome.OK
                and (name := later.cell("What")) is not None
                and name.text == what.text
            ),
            default=None,
        )
    change = row.cell("Change")
    _, made = Deployment.objects.get_or_create(
        entity=entity,
        at=when.at,
        what=what.text[:120],
        defaults={
            "change": (change.text if change else "")[:160],
            "outcome": outcome,
            "restored_at": restored,
            "source": reading.source(note, row),
        },
    )
    return int(made)


def _at(row: HandoffRow) -> dt.datetime | None:
    when = row.cell("When")
    return when.at if when is not None else None


def _outcome(row: HandoffRow) -> DeploymentOutcome:
    said = reading.text(row, "Tests")
    if "rolled back" in said:
        return DeploymentOutcome.ROLLED_BACK
    return DeploymentOutcome.FAILED if _FAILED.search(said) else DeploymentOutcome.OK


def _adopt_cache(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    """Make two cache rules of a sentence that tells two times for one path."""
    made = 0
    for found in _HEADER.finditer(row.label):
        for seconds, place in ((found["one"], found["here"]), (found["two"], found["there"])):
            _, fresh = CacheRule.objects.get_or_create(
                entity=entity,
                path=found["path"],
                said_by=place.strip().capitalize(),
                defaults={"seconds": int(seconds), "source": reading.source(note, row)},
            )
            made += fresh
    return made


ADOPTERS: dict[RowKind, Adopter] = {
    RowKind.DEBT: _adopt_debt,
    RowKind.DEPLOYMENT: _adopt_deployment,
    RowKind.NOTE: _adopt_cache,
}
