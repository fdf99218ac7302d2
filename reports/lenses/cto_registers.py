"""What stands where and what is to be put right: stacks, ten actions, findings by kind, names, caches, what moved."""

import datetime as dt
from collections import defaultdict

from core import months
from portfolio.domain.queries import technology
from portfolio.domain.queries.technology import state_of
from portfolio.models import CacheRule, DnsRecord, SystemKind, TechFinding, TechFindingKind
from reports.document import (
    Badge,
    Block,
    Cell,
    Column,
    Note,
    Para,
    Section,
    Table,
    Tone,
    TraceRow,
    Unit,
)
from reports.lenses import frame
from reports.lenses.cto_words import exposure, several, severity
from reports.lenses.frame import cell, column, row
from reports.metrics import Desk, Scope
from reports.metrics.technology import RECENT_DAYS
from reports.metrics.technology_issues import (
    CERTIFICATE_DAYS,
    DOMAIN_DAYS,
    EXPIRING,
    Issue,
    distinct,
    issues,
    noted,
    weighed,
)
from reports.rules.registry import line
from reports.rules.technology import reached

ACTIONS = 10
WITHIN = (DOMAIN_DAYS, CERTIFICATE_DAYS)
STACK_FIGURES = ("security_open", "tech_open", "tech_cost", "tech_saveable", "error_rate", "deployments_30")


def _of_entities(desk: Desk) -> list[Scope]:
    """Return the scopes of which anything about their technology is recorded."""
    known = {row.entity_id for row in desk.facts.once(technology.tech_systems)}
    known |= {row.entity_id for row in noted(desk)}
    known |= {row.entity_id for row in desk.facts.once(technology.tech_costs)}
    return [scope for scope in desk.scopes() if not known.isdisjoint(scope.ids)]


def stacks(desk: Desk) -> Section:
    """Return what runs for whom: an entity a line, then a system a line."""
    seen = reached(desk.facts)
    rows = []
    for scope in _of_entities(desk):
        last = max((seen[entity] for entity in scope.ids if entity in seen), default=None)
        rows.append(
            row(scope.label, *(desk.get(key, scope) for key in STACK_FIGURES), _last(last, desk.as_of))
        )
    if len(rows) > 1:
        rows.append(row(frame.whole(desk), *(desk.get(key) for key in STACK_FIGURES), "", total=True))
    names = {scope.ids[0]: scope.label for scope in desk.scopes()}
    systems = [
        row(
            Cell(system.name, ref=f"tech_system:{system.pk}"),
            names[system.entity_id],
            SystemKind(system.kind).label,
            system.get_exposure_display(),
            _supported(system.supported_until, desk.as_of),
        )
        for system in desk.facts.once(technology.tech_systems)
        if system.entity_id in names
    ]
    blocks: list[Block] = [
        Table(
            f"Each stack in {months.label(desk.month)}",
            (
                Column("Entity"), column("Security"), column("To be put right"), column("Cost"), column("Saveable"),
                column("Error rate"), column("Deployments, 30 days"), Column("Looked at"),
            ),
            tuple(rows),
            note="Security and what is to be put right are counted on the as-of date; cost, saveable and error rate are of the month.",
            empty="Nothing is recorded of the technology of any entity: no system, no finding, no snapshot.",
        ),
        Table(
            "What runs",
            (Column("System"), Column("Entity"), Column("Kind"), Column("Reached by"), Column("Supported until")),
            tuple(systems),
            empty="No system is written down.",
            detail=True,
        ),
    ]  # fmt: skip
    blocks += [
        Note(
            line(
                f"The {snapshot.get_source_display()} snapshot of {snapshot.covers_on:%-d %b %Y} was not allowed to read "
                f"{', '.join(str(entry) for entry in snapshot.denied)}; what that would show is not known."
            ),
            Tone.WARN,
        )
        for snapshot in desk.facts.once(technology.tech_snapshots)
        if snapshot.denied
    ]
    return Section("stacks", "Stack by stack", tuple(blocks))


def _last(day: dt.date | None, as_of: dt.date) -> Cell:
    if day is None:
        return Cell("never", tone=Tone.WARN)
    return Cell(f"{day:%-d %b %Y}", tone=Tone.WARN if (as_of - day).days > 14 else Tone.PLAIN)


def _supported(day: dt.date | None, as_of: dt.date) -> Cell:
    if day is None:
        return Cell("no date", tone=Tone.MUTED)
    return Cell(f"{day:%-d %b %Y}", tone=Tone.BAD if day < as_of else Tone.PLAIN)


def actions(desk: Desk) -> Section:
    """Return what to do first: the ten with the highest priority, one line for what several entities share."""
    everything = distinct(issues(desk))
    rows = []
    for place, alike in enumerate(everything[:ACTIONS], start=1):
        first = alike[0]
        figure = weighed(desk, first)
        owners = ", ".join(dict.fromkeys(issue.owner for issue in alike))
        rows.append(
            row(
                f"{place}. {first.remedy or first.title}",
                Cell(first.title, ref=first.records[0][0]),
                owners,
                severity(first.severity),
                exposure(first.exposure),
                cell(desk.figures[f"issue.{first.slug}.{first.key}.effort"]),
                figure,
            )
        )
    left = len(everything) - len(rows)
    blocks: list[Block] = [
        Table(
            f"{several(len(rows), 'action')} of {len(everything)}, first things first",
            (
                Column("Action"), Column("What it puts right"), Column("Entity"), Column("Severity"), Column("Reached by"),
                column("Effort"), column("Priority"),
            ),
            tuple(rows),
            note="Priority = severity (critical 4, high 3, medium 2, low 1) × exposure (internet 2, internal 1) ÷ effort "
            "(1 to 3). " + _left(left),
            empty="Nothing is known that has to be put right.",
        )
    ]  # fmt: skip
    return Section("actions", "Ten actions", tuple(blocks))


def _left(count: int) -> str:
    return f"{count} more {'stands' if count == 1 else 'stand'} below." if count else ""


def register(
    desk: Desk, anchor: str, title: str, words: tuple[str, str], key: str, *kinds: str, empty: str
) -> Section:
    """Return the open findings of some kinds, worst first, each with its evidence masked and where it comes from.

    ``words`` are what the table is called and how its count is led up to; ``key`` is the metric that counts it.
    """
    found = sorted(issues(desk, None, *kinds), key=lambda issue: (-issue.severity, issue.rank))
    count, open_to_attack = desk.get(key), TechFindingKind.SECURITY in kinds
    rows = [
        row(
            Cell(issue.title, ref=issue.records[0][0]),
            issue.owner,
            severity(issue.severity),
            *((exposure(issue.exposure),) if open_to_attack else ()),
            weighed(desk, issue),
            issue.evidence or "not written down",
            _since(issue),
        )
        for issue in found
    ]
    table, lead = words
    return Section(
        anchor,
        title,
        (
            Para(line(f"{lead}: ", count, ".")),
            Table(
                f"{table}: {count.value}" if found else table,
                (
                    Column("Finding"), Column("Entity"), Column("Severity"),
                    *((Column("Reached by"),) if open_to_attack else ()), column("Priority"), Column("Evidence, masked"),
                    Column("First seen"),
                ),
                tuple(rows),
                empty=empty,
            ),
        ),
    )  # fmt: skip


def _since(issue: Issue) -> str:
    return "not dated" if issue.first_seen_on is None else f"{issue.first_seen_on:%-d %b %Y}"


def names(desk: Desk) -> Section:
    """Return domain names with what runs out when, records that want attention, and what is to be put right."""
    owners = {scope.ids[0]: scope.label for scope in desk.scopes()}
    slugs = {scope.ids[0]: scope.slug for scope in desk.scopes()}
    domains = []
    for domain in desk.facts.once(technology.domain_names):
        days = [
            desk.own(
                f"domain.{slugs[domain.entity_id]}.{domain.name}.{what}", f"Days until the {what} of {domain.name} runs out", Unit.DAYS,
                desk.absent("not known") if on is None
                else desk.rows([TraceRow(domain.name, (on - desk.as_of).days * 10, f"domain:{domain.pk}", on)], Badge.ENTERED),
                scope=owners[domain.entity_id],
            )
            for what, on in (("domain", domain.expires_on), ("certificate", domain.certificate_expires_on))
        ]  # fmt: skip
        domains.append(
            row(
                Cell(domain.name, ref=f"domain:{domain.pk}"),
                owners[domain.entity_id],
                *(
                    cell(figure, tone=_soon(figure.value, within))
                    for figure, within in zip(days, WITHIN, strict=True)
                ),
                *(_vouched(has) for has in (domain.spf, domain.dkim, domain.dmarc)),
            )
        )
    found = issues(desk, None, TechFindingKind.DNS, EXPIRING)
    gaps = [
        row(
            Cell(issue.title, ref=issue.records[0][0]), issue.owner, severity(issue.severity), weighed(desk, issue),
            issue.evidence,
        )
        for issue in found
    ]  # fmt: skip
    return Section(
        "names",
        "DNS and domains",
        (
            Para(
                line("Days until the first domain runs out: ", desk.get("days_to_domain_expiry"), "; until the first certificate: ",
                     desk.get("days_to_certificate_expiry"), ". Gaps of DNS and domains: ", desk.get("dns_open"), ".")
            ),
            Table(
                "When domains and certificates run out, and what vouches for their mail",
                (
                    Column("Domain"), Column("Entity"), column("Domain runs out in"), column("Certificate runs out in"),
                    Column("SPF"), Column("DKIM"), Column("DMARC"),
                ),
                tuple(domains),
                note=f"A domain is a finding once {DOMAIN_DAYS} days are left, a certificate once {CERTIFICATE_DAYS} are.",
                empty="No domain name is written down.",
            ),
            Table(
                f"DNS hygiene: {several(len(found), 'gap')}" if found else "DNS hygiene",
                (Column("Gap"), Column("Entity"), Column("Severity"), column("Priority"), Column("Evidence")),
                tuple(gaps),
                empty="Records agree, point at ours and vouch for our mail, as far as they are written down.",
            ),
            _zones(desk, owners, slugs),
        ),
    )  # fmt: skip


def _soon(value: int | None, within: int) -> Tone:
    if value is None:
        return Tone.MUTED
    return Tone.BAD if value <= within * 10 else Tone.PLAIN


def _vouched(has: bool | None) -> Cell:
    if has is None:
        return Cell("not known", tone=Tone.MUTED)
    return Cell("yes", tone=Tone.GOOD) if has else Cell("no", tone=Tone.BAD)


def _zones(desk: Desk, owners: dict[int, str], slugs: dict[int, str]) -> Table:
    zones: dict[tuple[int, str], list[DnsRecord]] = defaultdict(list)
    for record in desk.facts.once(technology.dns_records):
        zones[record.entity_id, record.zone].append(record)
    rows = []
    for (entity, zone), records in zones.items():
        ttls = sorted(
            {
                record.ttl
                for record in records
                if record.type in ("A", "AAAA", "CNAME") and not record.dangling
            }
        )
        dangling = [record.name for record in records if record.dangling]
        rows.append(
            row(
                zone,
                owners[entity],
                desk.own(
                    f"zone.{slugs[entity]}.{zone}.records", f"Records of {zone}", Unit.COUNT,
                    desk.rows([TraceRow(f"{record.name} {record.type}", 1, f"dns:{record.pk}") for record in records],
                              Badge.ENTERED), scope=owners[entity],
                ),
                Cell(" and ".join(f"{ttl} s" for ttl in ttls) or "none", tone=Tone.WARN if len(ttls) > 1 else Tone.GOOD),
                Cell(", ".join(dangling) or "none", tone=Tone.BAD if dangling else Tone.GOOD),
            )
        )  # fmt: skip
    return Table(
        "Records by zone",
        (
            Column("Zone"),
            Column("Entity"),
            column("Records"),
            Column("Kept for"),
            Column("Pointing at nothing"),
        ),
        tuple(rows),
        empty="No DNS record is written down.",
        detail=True,
    )


def caches(desk: Desk) -> Section:
    """Return for how long each path is kept by whom; times that contradict each other stand out."""
    owners = {scope.ids[0]: scope.label for scope in desk.scopes()}
    paths: dict[tuple[int, str], list[CacheRule]] = defaultdict(list)
    for rule in desk.facts.once(technology.cache_rules):
        paths[rule.entity_id, rule.path].append(rule)
    rows = []
    for (entity, path), rules in paths.items():
        unlike = len({rule.seconds for rule in rules}) > 1
        state = Cell("contradicted", tone=Tone.BAD) if unlike else Cell("alone", tone=Tone.GOOD)
        rows += [
            row(Cell(path, ref=f"cache:{rule.pk}"), owners[entity], rule.said_by, f"{rule.seconds} s", state)
            for rule in sorted(rules, key=lambda rule: (rule.seconds, rule.said_by))
        ]
    return Section(
        "caches",
        "Cache times",
        (
            Para(line("Cache times that contradict each other: ", desk.get("cache_conflicts"), ".")),
            Table(
                f"Paths whose times contradict each other: {desk.get('cache_conflicts').value or 0}"
                if rows else "For how long pages are kept",
                (Column("Path"), Column("Entity"), Column("Said by"), Column("Kept for"), Column("State")),
                tuple(rows),
                empty="No cache time is written down.",
            ),
        ),
    )  # fmt: skip


def movement(desk: Desk) -> Section:
    """Return what is new, changed, fixed and muted among the noted findings, over thirty days."""
    since = desk.as_of - dt.timedelta(days=RECENT_DAYS)
    owners = {scope.ids[0]: scope.label for scope in desk.scopes()}
    rows = []
    for finding in noted(desk):
        told = _moved(finding, since, desk.as_of)
        if told is not None:
            state, on, words, tone = told
            rows.append(
                (on, row(Cell(state, tone=tone), f"{on:%-d %b %Y}", Cell(finding.title, ref=f"tech_finding:{finding.pk}"),
                         owners[finding.entity_id], words))
            )  # fmt: skip
    rows.sort(key=lambda entry: entry[0], reverse=True)
    return Section(
        "movement",
        "New, changed, fixed, muted",
        (
            Table(
                f"What moved among the findings in {RECENT_DAYS} days, and what is muted",
                (Column("State"), Column("Since"), Column("Finding"), Column("Entity"), Column("Words")),
                tuple(entry for _, entry in rows),
                empty=f"No finding is new, changed or fixed in {RECENT_DAYS} days, and none is muted.",
            ),
        ),
    )


def _moved(finding: TechFinding, since: dt.date, as_of: dt.date) -> tuple[str, dt.date, str, Tone] | None:
    state = state_of(finding, on=as_of)
    if state == "fixed" and finding.fixed_on is not None:
        seen = finding.first_seen_on
        words = f"first seen {seen:%-d %b %Y}" if seen < finding.fixed_on else "noted when it was fixed"
        return ("fixed", finding.fixed_on, words, Tone.GOOD) if finding.fixed_on > since else None
    if state == "muted" and finding.muted_until is not None:
        words = f"until {finding.muted_until:%-d %b %Y}: {finding.mute_reason}"
        return "muted", finding.first_seen_on, words, Tone.MUTED
    if finding.first_seen_on > since:
        return "new", finding.first_seen_on, finding.source or "entered by hand", Tone.BAD
    if finding.changed_on is not None and since < finding.changed_on <= as_of:
        return "changed", finding.changed_on, f"first seen {finding.first_seen_on:%-d %b %Y}", Tone.WARN
    return None
