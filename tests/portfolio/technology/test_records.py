"""What is noted, released, taken and said of the technology, and what is refused."""

import datetime as dt

import pytest

from core.models import AuditEvent
from portfolio.domain.queries import technology as queries
from portfolio.domain.technology import findings, names, snapshots, systems
from portfolio.domain.technology.findings import Seen
from portfolio.domain.technology.names import DomainSaid, RecordSaid
from portfolio.domain.technology.refused import TechnologyRefusedError
from portfolio.domain.technology.snapshots import CostSeen, MeasureSeen
from portfolio.domain.technology.systems import Release, SystemSaid
from portfolio.models import (
    DeploymentOutcome,
    DomainName,
    Entity,
    MeasureName,
    SnapshotSource,
    TechCost,
    TechFinding,
    TechFindingKind,
)
from tests.factories.portfolio import EntityFactory
from tests.factories.technology import DeploymentFactory, TechFindingFactory, TechSystemFactory

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 11, 10, 18, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 10)
SEPTEMBER, OCTOBER = dt.date(2026, 9, 28), dt.date(2026, 10, 20)


@pytest.fixture
def qos() -> Entity:
    return EntityFactory(slug="qos", name="Queen")


def seen(title: str = "No rate limit", **said: object) -> Seen:
    return Seen(**{"key": "limit", "kind": TechFindingKind.SECURITY, "title": title, "severity": 3, **said})  # type: ignore[arg-type]


def note(entity: Entity, what: Seen, on: dt.date) -> TechFinding:
    findings.note(entity=entity, seen=what, on=on, by=None, at=AT)
    return TechFinding.objects.get(entity=entity, key="limit")


def test_a_finding_seen_again_is_one_finding_that_says_when_it_changed(qos: Entity) -> None:
    first = note(qos, seen(remedy="Set one", source="Audit"), OCTOBER)
    assert (first.first_seen_on, first.changed_on) == (OCTOBER, None)
    assert note(qos, seen(), TODAY).changed_on is None  # Nothing is said otherwise.
    older = note(qos, seen(), SEPTEMBER)
    assert (older.first_seen_on, older.changed_on) == (SEPTEMBER, None)
    graver = note(qos, seen(severity=4, evidence="500 requests a second"), TODAY)
    assert (graver.severity, graver.changed_on, graver.remedy, graver.source) == (
        4,
        TODAY,
        "Set one",
        "Audit",
    )

    findings.fix(finding=graver, on=TODAY, by=None, at=AT)
    assert note(qos, seen(), OCTOBER).fixed_on == TODAY  # An older sight does not undo it.
    later = AT + dt.timedelta(days=3)
    findings.note(entity=qos, seen=seen(severity=4), on=TODAY + dt.timedelta(days=2), by=None, at=later)
    again = TechFinding.objects.get()
    assert (again.fixed_on, again.first_seen_on) == (None, SEPTEMBER)
    verbs = AuditEvent.objects.order_by("id").values_list("action", flat=True)
    assert [verb.rpartition(":")[2] for verb in verbs] == ["note", "change", "change", "fix", "change"]


def test_a_muted_finding_counts_again_on_its_day(qos: Entity) -> None:
    finding = note(qos, seen(), OCTOBER)
    until = TODAY + dt.timedelta(days=5)
    findings.mute(finding=finding, until=until, reason="Waits", today=TODAY, by=None, at=AT)
    assert [queries.state_of(finding, on=day) for day in (TODAY, until)] == ["muted", "open"]
    findings.unmute(finding=finding, by=None, at=AT)
    assert queries.state_of(TechFinding.objects.get(), on=TODAY) == "open"
    findings.mute(finding=finding, until=until, reason="Waits", today=TODAY, by=None, at=AT)
    findings.fix(finding=finding, on=OCTOBER, by=None, at=AT)
    assert queries.state_of(note(qos, seen(), TODAY), on=TODAY) == "open"  # What came back is not set aside.


def test_what_cannot_be_is_refused_in_a_sentence(qos: Entity) -> None:
    finding = TechFindingFactory(entity=qos, first_seen_on=OCTOBER)
    fixed = TechFindingFactory(entity=qos, first_seen_on=OCTOBER, fixed_on=TODAY)
    other = TechSystemFactory()
    went_well = DeploymentFactory(entity=qos, at=AT)
    mine = TechSystemFactory(entity=qos, name="Site", slug="site")
    day = dt.timedelta(days=1)
    how = {"by": None, "at": AT}
    refused = [
        lambda: findings.note(entity=qos, seen=seen(" ", key=""), on=TODAY, **how),
        lambda: findings.note(entity=qos, seen=seen(severity=5), on=TODAY, **how),
        lambda: findings.note(entity=qos, seen=seen(system=other), on=TODAY, **how),
        lambda: findings.note(entity=qos, seen=seen(), on=TODAY + day, **how),
        lambda: findings.fix(finding=finding, on=SEPTEMBER, **how),
        lambda: findings.fix(finding=fixed, on=TODAY, **how),
        lambda: findings.mute(finding=finding, until=TODAY, reason="x", today=TODAY, **how),
        lambda: findings.mute(finding=finding, until=TODAY + 400 * day, reason="x", today=TODAY, **how),
        lambda: findings.mute(finding=finding, until=TODAY + day, reason=" ", today=TODAY, **how),
        lambda: findings.mute(finding=fixed, until=TODAY + day, reason="x", today=TODAY, **how),
        lambda: findings.unmute(finding=finding, **how),
        lambda: systems.add(entity=qos, said=SystemSaid("Site"), **how),
        lambda: systems.add(entity=qos, said=SystemSaid("…"), **how),
        lambda: systems.change(system=mine, said=SystemSaid(" "), **how),
        lambda: systems.release(entity=qos, said=Release(AT + day, "x", DeploymentOutcome.OK), **how),
        lambda: systems.release(entity=qos, said=Release(AT, " ", DeploymentOutcome.OK), **how),
        lambda: systems.release(entity=qos, said=Release(AT, went_well.what, DeploymentOutcome.OK), **how),
        lambda: systems.release(entity=qos, said=Release(AT, "x", DeploymentOutcome.OK, restored_at=AT), **how),
        lambda: systems.restore(deployment=went_well, restored_at=AT, **how),
        lambda: systems.restore(deployment=went_well, restored_at=AT - day, **how),
        lambda: snapshots.take(source=SnapshotSource.HAND, covers_on=TODAY + day, **how),
        lambda: snapshots.take(
            source=SnapshotSource.HAND, covers_on=OCTOBER, costs=[CostSeen(qos, 2026 * 12 + 10, "S3", 1)], **how
        ),
        lambda: snapshots.take(
            source=SnapshotSource.HAND, covers_on=OCTOBER, measures=[MeasureSeen(mine, TODAY, MeasureName.P50, 1)], **how
        ),
        lambda: snapshots.take(
            source=SnapshotSource.HAND, covers_on=TODAY, measures=[MeasureSeen(mine, TODAY, MeasureName.P50, -1)], **how
        ),
        lambda: snapshots.take(
            source=SnapshotSource.HAND, covers_on=TODAY, costs=[CostSeen(qos, 2026 * 12 + 10, " ", 1)], **how
        ),
        lambda: names.say_domain(entity=qos, said=DomainSaid("no domain"), on=TODAY, **how),
        lambda: names.say_record(entity=qos, said=RecordSaid("a.example", "a.example", "XX", 1, "b"), on=TODAY, **how),
        lambda: names.say_record(entity=qos, said=RecordSaid("a.example", "a.example", "A", -1, "b"), on=TODAY, **how),
        lambda: names.say_record(entity=qos, said=RecordSaid("a.example", "a.example", "A", 1, " "), on=TODAY, **how),
        lambda: names.say_cache(entity=qos, path="", seconds=1, said_by="x", **how),
    ]  # fmt: skip
    before = AuditEvent.objects.count()
    for number, deed in enumerate(refused):
        with pytest.raises(TechnologyRefusedError, match=r".\.$"):
            deed()
            pytest.fail(f"deed {number} was not refused")
    assert AuditEvent.objects.count() == before


def test_a_snapshot_taken_again_is_brought_up_to_date_and_the_newest_one_counts(qos: Entity) -> None:
    october = 2026 * 12 + 9

    def spent(minor: int, on: dt.date) -> None:
        snapshots.take(
            source=SnapshotSource.HAND, covers_on=on, costs=[CostSeen(qos, october, "S3", minor)], by=None, at=AT
        )  # fmt: skip

    spent(500, OCTOBER)
    spent(550, OCTOBER)
    assert TechCost.objects.get().amount_minor == 550
    twice = [CostSeen(qos, october, "S3", minor) for minor in (1, 560)]
    snapshots.take(source=SnapshotSource.HAND, covers_on=OCTOBER, costs=twice, by=None, at=AT)
    spent(550, OCTOBER)
    spent(800, TODAY)
    assert [row.amount_minor for row in queries.tech_costs(entity_ids=[qos.pk], as_of=TODAY)] == [800]
    assert [row.amount_minor for row in queries.tech_costs(entity_ids=[qos.pk], as_of=OCTOBER)] == [550]


def test_a_failed_release_is_made_good_once_and_its_day_is_the_portfolios(qos: Entity) -> None:
    late = dt.datetime(2026, 11, 9, 5, 0, tzinfo=dt.UTC)  # The evening of the 8th in Los Angeles.
    made = systems.release(entity=qos, said=Release(late, "site", DeploymentOutcome.FAILED), by=None, at=AT)
    systems.restore(deployment=made, restored_at=late + dt.timedelta(minutes=25), by=None, at=AT)
    with pytest.raises(TechnologyRefusedError):
        systems.restore(deployment=made, restored_at=AT, by=None, at=AT)
    release = queries.deployments(entity_ids=[qos.pk], as_of=TODAY)[0]
    assert (release.on, release.minutes) == (dt.date(2026, 11, 8), 25)


def test_what_is_no_more_is_taken_away_with_a_trace(qos: Entity) -> None:
    row = names.say_domain(entity=qos, said=DomainSaid("Queen.Example."), on=TODAY, by=None, at=AT)
    assert row.name == "queen.example"
    names.forget(row=row, by=None, at=AT)
    assert not DomainName.objects.exists()
    assert AuditEvent.objects.latest("id").data == {"was": "queen.example"}
