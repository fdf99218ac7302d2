"""What about the technology needs a person: noted findings, what the records show, and figures out of bounds."""

import dataclasses
import datetime as dt
from collections.abc import Callable

from core import months
from core.money import format_minor
from portfolio.domain.queries import technology
from portfolio.domain.queries.technology import CostFact, MeasureFact
from portfolio.models import DeploymentOutcome, TechFindingKind
from reports.document import Cell, Figure, FindingNote, Severity
from reports.metrics import Desk, Facts
from reports.metrics.technology import released
from reports.metrics.technology_issues import EXPIRING, Issue, issues, muted, noted, weighed
from reports.rules.registry import Rule, shorten

SEVERITIES = {4: Severity.CRITICAL, 3: Severity.HIGH, 2: Severity.MEDIUM, 1: Severity.LOW}
DUE_DAYS = {Severity.CRITICAL: 7, Severity.HIGH: 14, Severity.MEDIUM: 30, Severity.LOW: 60}
ERROR_RATE_BP = 100
RESTORE_MINUTES = 60
COST_UP_BP = 2_000
COST_UP_MINOR = 5_00
SNAPSHOT_DAYS = 14

Look = Callable[[Rule, Desk], list[FindingNote]]


def _of(*kinds: str) -> Look:
    """Return how to look for what is to be put right of some kinds; what is set aside is seen, and says until when."""

    def look(rule: Rule, desk: Desk) -> list[FindingNote]:
        return [_note(rule, desk, issue) for issue in (*issues(desk, None, *kinds), *muted(desk, *kinds))]

    return look


def _note(rule: Rule, desk: Desk, issue: Issue) -> FindingNote:
    severity = SEVERITIES[issue.severity]
    evidence: list[str | Figure | Cell] = [
        f"{issue.evidence.rstrip('.')}. From " if issue.evidence else "From "
    ]
    for place, (ref, named) in enumerate(issue.records):
        evidence += [", " if place else "", Cell(text=named, ref=ref)]
    evidence += ["; priority ", weighed(desk, issue), "."]
    return dataclasses.replace(
        rule.finding(f"{issue.slug}:{issue.key}", issue.title, *evidence, severity=severity),
        action=shorten(f"{issue.remedy or f'{rule.action}: {issue.title}'} ({issue.owner})"),
        due_days=DUE_DAYS[severity],
        muted_until=issue.muted_until,
        mute_reason=issue.mute_reason,
    )


def _error_rate(rule: Rule, desk: Desk) -> list[FindingNote]:
    """More than one in a hundred of the month's invocations failed."""
    found = []
    for scope in desk.scopes():
        rate = desk.get("error_rate", scope)
        if (rate.value or 0) > ERROR_RATE_BP:
            found.append(
                rule.finding(
                    scope.slug, f"{scope.label} fails too often", f"In {months.label(desk.month)} ",
                    desk.get("errors", scope), " of ", desk.get("invocations", scope), " invocations failed: ", rate,
                    f"; at most {ERROR_RATE_BP // 100} % may.",
                )
            )  # fmt: skip
    return found


def _slow_restore(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A release that failed stood for more than an hour, or still stands."""
    found = []
    for scope in desk.scopes():
        failed = [row for row in released(desk, scope) if row.outcome != DeploymentOutcome.OK]
        slow = [row for row in failed if row.minutes is None or row.minutes > RESTORE_MINUTES]
        if slow:
            words = "; ".join(
                f"{row.what} of {row.on:%-d %b}: "
                + ("not restored yet" if row.minutes is None else f"{row.minutes} minutes")
                for row in slow
            )
            found.append(
                rule.finding(
                    scope.slug, f"A failed release of {scope.label} stood too long", f"{words}. Mean time to restore: ",
                    desk.get("time_to_restore", scope), f"; at most {RESTORE_MINUTES} minutes.",
                )
            )  # fmt: skip
    return found


def _cost_up(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A month cost a fifth more than the one before, and more than a trifle."""
    found = []
    for scope in desk.scopes():
        now, before = desk.get("tech_cost", scope), desk.get("tech_cost", scope, desk.month - 1)
        if now.value is None or before.value is None:
            continue
        more = now.value - before.value
        if more >= COST_UP_MINOR and more * 10_000 >= COST_UP_BP * before.value:
            least = format_minor(COST_UP_MINOR, desk.currency, cents=False)
            found.append(
                rule.finding(
                    scope.slug, f"Technology of {scope.label} costs more", f"{months.label(desk.month)} cost ", now,
                    " after ", before, f" the month before: more by {COST_UP_BP // 100} % and {least} at least.",
                )
            )  # fmt: skip
    return found


def _snapshot_old(rule: Rule, desk: Desk) -> list[FindingNote]:
    """What runs for an entity was last looked at more than two weeks ago, or never."""
    seen = reached(desk.facts)
    found = []
    for scope in desk.scopes():
        if not any(row.entity_id in scope.ids for row in desk.facts.once(technology.tech_systems)):
            continue
        last = max((seen[entity] for entity in scope.ids if entity in seen), default=None)
        if last is not None and (desk.as_of - last).days <= SNAPSHOT_DAYS:
            continue
        words = (
            f"The newest snapshot covers {last:%-d %b %Y}"
            if last is not None
            else "No snapshot was ever taken of it"
        )
        found.append(
            rule.finding(
                scope.slug,
                f"{scope.label}'s technology was not looked at lately",
                f"{words}. What was found before is kept as it was; nothing newer is known.",
            )
        )
    return found


def reached(facts: Facts) -> dict[int, dt.date]:
    """Return for each entity with cost or measures the last day that a snapshot of them covers."""
    found: dict[int, dt.date] = {}
    seen: tuple[CostFact | MeasureFact, ...] = (
        *facts.once(technology.tech_costs), *facts.once(technology.tech_measures)
    )  # fmt: skip
    for row in seen:
        found[row.entity_id] = max(row.seen_on, found.get(row.entity_id, row.seen_on))
    return found


def _note_behind(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A current note lists as open what is fixed, or as fixed what is open."""
    names = {entity.id: entity for entity in desk.facts.entities}
    by_title = {(row.entity_id, row.title.casefold()): row for row in noted(desk)}
    found = []
    for debt in desk.facts.once(technology.note_debts):
        finding = by_title.get((debt.entity_id, debt.label.casefold()))
        if finding is None:
            continue
        fixed = technology.state_of(finding, on=desk.as_of) == "fixed"
        if fixed == debt.done:
            continue
        entity = names[debt.entity_id]
        says = "fixed" if fixed else "open"
        found.append(
            rule.finding(
                f"{entity.slug}:{finding.key}",
                f"The note on {entity.name} is behind: {finding.title}",
                f"{debt.where} lists it as {'done' if debt.done else 'open'}; ",
                Cell(text="the record", ref=f"tech_finding:{finding.pk}"),
                f" says {says}.",
            )
        )
    return found


_KIND = TechFindingKind
TECHNOLOGY_RULES = (
    Rule("security-finding", "No open security finding", Severity.HIGH, "Close the gap", "Owner", 14,
         _of(_KIND.SECURITY)),
    Rule("domain-expiring", "No domain or certificate about to run out", Severity.HIGH,
         "Renew it, and let it renew itself", "Owner", 14, _of(EXPIRING)),
    Rule("dns-hygiene", "Records that agree, point at ours, and vouch for our mail", Severity.LOW,
         "Put the records right", "Owner", 30, _of(_KIND.DNS)),
    Rule("cache-conflict", "One time for which a page is kept", Severity.MEDIUM,
         "Say one time, in one place", "Owner", 30, _of(_KIND.CACHE)),
    Rule("ux-finding", "No known shortfall for who visits", Severity.MEDIUM, "Mend it", "Owner", 30, _of(_KIND.UX)),
    Rule("cycle-gap", "A way to build, try and take back every change", Severity.MEDIUM,
         "Set it up", "Owner", 30, _of(_KIND.CYCLE)),
    Rule("tech-debt", "No known debt of the technology", Severity.LOW, "Pay it off", "Owner", 60, _of(_KIND.DEBT)),
    Rule("error-rate-high", "At most one failure in a hundred invocations", Severity.HIGH,
         "Find what fails, and mend it", "Owner", 7, _error_rate),
    Rule("slow-restore", "A failed release made good within an hour", Severity.MEDIUM,
         "Practise taking a release back", "Owner", 30, _slow_restore),
    Rule("cost-up", "No month a fifth dearer than the one before", Severity.MEDIUM,
         "Find the service that grew", "Owner", 14, _cost_up),
    Rule("snapshot-old", "A look at everything that runs within two weeks", Severity.MEDIUM,
         "Take a snapshot", "Owner", 7, _snapshot_old),
    Rule("technology-note-behind", "Notes of technical debt that agree with the records", Severity.LOW,
         "Bring the note up to date", "Owner", 30, _note_behind),
)  # fmt: skip
