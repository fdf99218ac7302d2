"""Everything about the technology that is to be put right, whether somebody noted it or the records show it.

A noted finding and what DNS records, domain names and cache rules show themselves are one list here, each with the
weights that give it its place: severity 4 to 1, exposure 2 or 1, effort 1 to 3.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from portfolio.domain.queries import technology
from portfolio.domain.queries.technology import state_of
from portfolio.models import DnsRecord, TechFinding, TechFindingKind
from reports.document import Badge, Figure, TraceRow, Unit
from reports.metrics.registry import Desk, Scope

DOMAIN_DAYS = 60
CERTIFICATE_DAYS = 30
EXPIRING = "expiring"
CRITICAL, HIGH, MEDIUM, LOW = 4, 3, 2, 1


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing to be put right: whose, what, its weights, and the records that show it by reference and name."""

    entity_id: int
    slug: str
    owner: str
    key: str
    kind: str
    title: str
    severity: int
    exposure: int
    effort: int
    evidence: str
    remedy: str
    records: tuple[tuple[str, str], ...]
    first_seen_on: dt.date | None = None
    changed_on: dt.date | None = None
    muted_until: dt.date | None = None
    mute_reason: str = ""

    @property
    def rank(self) -> tuple[float, int, str, str]:
        """Order by priority, then the graver, then by name."""
        return (-self.severity * self.exposure / self.effort, -self.severity, self.slug, self.key)


def noted(desk: Desk, scope: Scope | None = None, *, state: str = "") -> list[TechFinding]:
    """Return the findings noted about a scope, in one state at the as-of date where it is named."""
    ids = (scope or desk.all).ids
    return [
        row
        for row in desk.facts.once(technology.tech_findings)
        if row.entity_id in ids and state in ("", state_of(row, on=desk.as_of))
    ]


def issues(desk: Desk, scope: Scope | None = None, *kinds: str) -> list[Issue]:
    """Return what is to be put right in a scope, of some kinds where they are named, first things first.

    What the records show by themselves stands aside where a person noted it under the same key, muted or not.
    """
    return [row for row in _known(desk, scope, kinds) if row.muted_until is None]


def muted(desk: Desk, *kinds: str) -> list[Issue]:
    """Return what is known and set aside on the as-of date, of some kinds where they are named."""
    return [row for row in _known(desk, None, kinds) if row.muted_until is not None]


def _known(desk: Desk, scope: Scope | None, kinds: tuple[str, ...]) -> list[Issue]:
    """Return what is not put right, set aside or not."""
    ids = (scope or desk.all).ids
    names = {entity.id: (entity.slug, entity.name) for entity in desk.facts.entities}
    known = {(row.entity_id, row.key): row for row in noted(desk) if state_of(row, on=desk.as_of) != "fixed"}
    shown = {(row.entity_id, row.key): row for row in _shown(desk, names)}
    found = [
        _of_finding(row, names, shown.get(place), aside=state_of(row, on=desk.as_of) == "muted")
        for place, row in known.items()
    ]
    found += [row for place, row in shown.items() if place not in known]
    return sorted(
        (row for row in found if row.entity_id in ids and (not kinds or row.kind in kinds)),
        key=lambda row: row.rank,
    )


def distinct(found: Iterable[Issue]) -> list[list[Issue]]:
    """Return issues by key, so that one that several entities share stands once; first things first."""
    by_key: dict[str, list[Issue]] = defaultdict(list)
    for row in found:
        by_key[row.key].append(row)
    return list(by_key.values())


def weighed(desk: Desk, issue: Issue) -> Figure:
    """Return an issue's place: severity × exposure ÷ effort, with its weights as figures of their own."""
    name = f"issue.{issue.slug}.{issue.key}"
    ref = issue.records[0][0]
    parts = [
        desk.own(
            f"{name}.{word}", f"{label}: {issue.title}", Unit.COUNT,
            desk.rows([TraceRow(issue.title, value, ref)], Badge.ENTERED), scope=issue.owner,
        )
        for word, label, value in (
            ("severity", "Severity", issue.severity), ("exposure", "Exposure", issue.exposure),
            ("effort", "Effort", issue.effort),
        )
    ]  # fmt: skip
    return desk.own(
        f"{name}.priority", f"Priority: {issue.title}", Unit.SCORE, desk.formula("priority", *parts), scope=issue.owner
    )  # fmt: skip


def _of_finding(
    row: TechFinding, names: dict[int, tuple[str, str]], shown: Issue | None, *, aside: bool
) -> Issue:
    slug, owner = names[row.entity_id]
    evidence = ". ".join(part.rstrip(".") for part in (row.evidence, shown.evidence if shown else "") if part)
    return Issue(
        row.entity_id, slug, owner, row.key, row.kind, row.title, row.severity, row.exposure, row.effort,
        evidence, row.remedy or (shown.remedy if shown else ""),
        ((f"tech_finding:{row.pk}", row.source or "an entry by hand"), *(shown.records if shown else ())),
        row.first_seen_on, row.changed_on, row.muted_until if aside else None, row.mute_reason if aside else "",
    )  # fmt: skip


def _shown(desk: Desk, names: dict[int, tuple[str, str]]) -> Iterator[Issue]:
    yield from _of_dns(desk, names)
    yield from _of_domains(desk, names)
    yield from _of_caches(desk, names)


def _of_dns(desk: Desk, names: dict[int, tuple[str, str]]) -> Iterator[Issue]:
    """Yield records that point at nothing, and zones whose addresses are kept for different times."""
    zones: dict[tuple[int, str], list[DnsRecord]] = defaultdict(list)
    for row in desk.facts.once(technology.dns_records):
        slug, owner = names[row.entity_id]
        if row.dangling:
            yield Issue(
                row.entity_id, slug, owner, f"dangling-{row.name}", TechFindingKind.DNS,
                f"{row.name} points at nothing of ours", MEDIUM, 2, 1,
                f"{row.type} record to {row.value}; whoever takes that name answers for ours",
                f"Delete the record {row.name}", ((f"dns:{row.pk}", row.source or row.name),), row.seen_on,
            )  # fmt: skip
        elif row.type in ("A", "AAAA", "CNAME"):
            zones[row.entity_id, row.zone].append(row)
    unlike: dict[int, list[DnsRecord]] = defaultdict(list)
    for (entity, _), rows in zones.items():
        if len({row.ttl for row in rows}) > 1:
            unlike[entity] += rows
    for entity, rows in unlike.items():
        slug, owner = names[entity]
        told = ", ".join(f"{row.name} {row.ttl} s" for row in rows)
        yield Issue(
            entity, slug, owner, "ttl-mismatch", TechFindingKind.DNS, "Records of one zone are kept for different times",
            LOW, 1, 1, told, "Give the records one TTL", tuple((f"dns:{row.pk}", row.name) for row in rows),
            max(row.seen_on for row in rows),
        )  # fmt: skip


def _of_domains(desk: Desk, names: dict[int, tuple[str, str]]) -> Iterator[Issue]:
    """Yield names and certificates that run out soon, and domains whose mail nothing vouches for."""
    for row in desk.facts.once(technology.domain_names):
        slug, owner = names[row.entity_id]
        record = ((f"domain:{row.pk}", row.name),)
        for what, on, within in (
            ("domain", row.expires_on, DOMAIN_DAYS), ("certificate", row.certificate_expires_on, CERTIFICATE_DAYS)
        ):  # fmt: skip
            if on is not None and (left := (on - desk.as_of).days) <= within:
                title = f"The {'certificate of ' if what == 'certificate' else 'domain '}{row.name}"
                runs = f"{title} {'ran' if left < 0 else 'runs'} out on {on:%-d %b %Y}"
                yield Issue(
                    row.entity_id, slug, owner, f"{what}-{row.name}", EXPIRING, runs, CRITICAL if left <= 7 else HIGH, 2, 1,
                    f"{left} {'day is' if left == 1 else 'days are'} left" if left >= 0 else "It has run out",
                    f"Renew {title[:1].lower()}{title[1:]}, and let it renew itself", record, row.seen_on,
                )  # fmt: skip
        lacking = [
            word for word, has in (("SPF", row.spf), ("DKIM", row.dkim), ("DMARC", row.dmarc)) if has is False
        ]
        if lacking:
            none, all_of = (
                sign.join([", ".join(lacking[:-1]), lacking[-1]] if len(lacking) > 1 else lacking)
                for sign in (" or ", " and ")
            )
            yield Issue(
                row.entity_id, slug, owner, f"mail-{row.name}", TechFindingKind.DNS,
                f"Mail of {row.name} is not vouched for: no {none}", MEDIUM if "SPF" in lacking else LOW, 2, 1,
                f"Seen on {row.seen_on:%-d %b %Y}; receivers may refuse such mail or take another's for ours",
                f"Publish {all_of} for {row.name}", record, row.seen_on,
            )  # fmt: skip


def _of_caches(desk: Desk, names: dict[int, tuple[str, str]]) -> Iterator[Issue]:
    """Yield paths for which two places say different times."""
    paths = defaultdict(list)
    for row in desk.facts.once(technology.cache_rules):
        paths[row.entity_id, row.path].append(row)
    for (entity, path), rows in paths.items():
        if len({row.seconds for row in rows}) < 2:
            continue
        slug, owner = names[entity]
        ordered = sorted(rows, key=lambda row: (row.seconds, row.pk))
        against = " against ".join(f"{seconds} s" for seconds in sorted({row.seconds for row in rows}))
        yield Issue(
            entity, slug, owner, f"cache-{path}", TechFindingKind.CACHE, f"{path} is kept for {against}", MEDIUM, 2, 1,
            "; ".join(f"{row.said_by}: {row.seconds} s" for row in ordered), f"Say one time for {path}, in one place",
            tuple((f"cache:{row.pk}", row.source or row.said_by) for row in ordered),
        )  # fmt: skip
