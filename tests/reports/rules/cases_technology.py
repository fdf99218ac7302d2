"""What about the technology needs a person."""

import datetime as dt

from portfolio.domain.technology import findings, names, snapshots, systems
from portfolio.domain.technology.findings import Seen
from portfolio.domain.technology.names import DomainSaid
from portfolio.domain.technology.snapshots import CostSeen, MeasureSeen
from portfolio.domain.technology.systems import Release
from portfolio.models import (
    CacheRule,
    DeploymentOutcome,
    DnsRecord,
    DomainName,
    MeasureName,
    SnapshotSource,
    TechFinding,
    TechFindingKind,
    TechSystem,
)
from tests.reports.rules.cases import Case, World, appears_and_clears
from tests.reports.sample_case import AS_OF, AT, OCTOBER

LAST_OF_OCTOBER = dt.date(2026, 10, 31)


def _fix(world: World, **which: object) -> None:
    for finding in TechFinding.objects.filter(fixed_on__isnull=True, **which).select_related("entity"):
        findings.fix(finding=finding, on=AS_OF, by=world.by, at=AT)


@appears_and_clears("security-finding")
def every_gap_is_closed(world: World) -> Case:
    yield "qos:keys-in-code"
    yield "dc:env-file-in-git"
    _fix(world, kind=TechFindingKind.SECURITY)


@appears_and_clears("ux-finding")
def visitors_miss_nothing_any_more(world: World) -> Case:
    yield "qos:no-availability-calendar"
    _fix(world, kind=TechFindingKind.UX)


@appears_and_clears("cycle-gap")
def changes_are_built_and_tried(world: World) -> Case:
    yield "qos:no-staging"
    _fix(world, kind=TechFindingKind.CYCLE)


@appears_and_clears("tech-debt")
def an_old_runtime_counts_again_and_is_replaced(world: World) -> Case:
    sites = TechFinding.objects.select_related("entity").get(kind=TechFindingKind.DEBT)
    findings.unmute(finding=sites, by=world.by, at=AT)
    yield f"dc:{sites.key}"
    findings.fix(finding=sites, on=AS_OF, by=world.by, at=AT)


@appears_and_clears("dns-hygiene")
def records_agree_and_mail_is_vouched_for(world: World) -> Case:
    yield "qos:dangling-old.queenofsandiego.com"
    yield "jada:ttl-mismatch"
    yield "qdn:mail-quickdumpnow.example"
    for record in DnsRecord.objects.filter(dangling=True).select_related("entity"):
        names.forget(row=record, by=world.by, at=AT)
    DnsRecord.objects.filter(ttl=86_400).update(ttl=300)
    yield "jada:ttl-mismatch"  # The finding that the note brought still stands.
    _fix(world, kind=TechFindingKind.DNS)
    for domain in DomainName.objects.select_related("entity"):
        said = DomainSaid(
            domain.name, domain.expires_on, domain.certificate_expires_on, spf=True, dkim=True, dmarc=True
        )
        names.say_domain(entity=domain.entity, said=said, on=AS_OF, by=world.by, at=AT)


@appears_and_clears("domain-expiring")
def a_domain_is_renewed_and_a_certificate_too(world: World) -> Case:
    yield "jada:domain-jada.example"
    jada, soon = world.entity("jada"), AS_OF + dt.timedelta(days=5)
    said = DomainSaid("jada.example", dt.date(2027, 12, 19), soon)
    names.say_domain(entity=jada, said=said, on=AS_OF, by=world.by, at=AT)
    yield "jada:certificate-jada.example"
    said = DomainSaid("jada.example", dt.date(2027, 12, 19), dt.date(2027, 3, 1))
    names.say_domain(entity=jada, said=said, on=AS_OF, by=world.by, at=AT)


@appears_and_clears("cache-conflict")
def both_places_say_one_time(world: World) -> Case:
    yield "qos:cache-index.html"
    for rule in CacheRule.objects.select_related("entity"):
        names.say_cache(
            entity=rule.entity, path=rule.path, seconds=300, said_by=rule.said_by, by=world.by, at=AT
        )  # fmt: skip


def _october(world: World, system: str, *measured: tuple[MeasureName, int]) -> None:
    """Take a snapshot by which these were measured on each day of October."""
    found = TechSystem.objects.select_related("entity").get(slug=system)
    days = [dt.date(2026, 10, 1) + dt.timedelta(days=number) for number in range(31)]
    seen = [MeasureSeen(found, day, name, value) for day in days for name, value in measured]
    snapshots.take(source=SnapshotSource.HAND, covers_on=AS_OF, measures=seen, by=world.by, at=AT)


@appears_and_clears("error-rate-high")
def fewer_requests_fail(world: World) -> Case:
    yield "qdn"
    _october(world, "shipcaptaincrew", (MeasureName.INVOCATIONS, 1_000), (MeasureName.ERRORS, 11))
    yield "qos"
    _october(world, "shipcaptaincrew", (MeasureName.INVOCATIONS, 1_000), (MeasureName.ERRORS, 10))
    _october(world, "quote-script", (MeasureName.INVOCATIONS, 1_000), (MeasureName.ERRORS, 0))


@appears_and_clears("slow-restore")
def a_failed_release_is_made_good_in_time(world: World) -> Case:
    failed = dt.datetime(2026, 11, 9, 17, 0, tzinfo=dt.UTC)
    said = Release(failed, "frontend", DeploymentOutcome.FAILED, "calendar")
    release = systems.release(entity=world.entity("qos"), said=said, by=world.by, at=AT)
    yield "qos"
    systems.restore(deployment=release, restored_at=failed + dt.timedelta(minutes=30), by=world.by, at=AT)


@appears_and_clears("cost-up")
def a_service_is_switched_off_again(world: World) -> Case:
    def spent(minor: int, service: str = "Search") -> None:
        cost = CostSeen(world.entity("qos"), OCTOBER, service, minor)
        snapshots.take(
            source=SnapshotSource.HAND, covers_on=LAST_OF_OCTOBER, costs=[cost], by=world.by, at=AT
        )

    spent(60_00)
    yield "qos"
    spent(0)


@appears_and_clears("snapshot-old", as_of=dt.date(2026, 11, 24))
def somebody_looks_again(world: World) -> Case:
    yield "dc"
    at, on = dt.datetime(2026, 11, 25, 15, 0, tzinfo=dt.UTC), dt.date(2026, 11, 24)
    costs = [
        CostSeen(world.entity(slug), OCTOBER + 1, "Storage (S3)", 100)
        for slug in ("jada", "qos", "qdn", "dc")
    ]
    snapshots.take(source=SnapshotSource.HAND, covers_on=on, costs=costs, by=world.by, at=at)


@appears_and_clears("technology-note-behind")
def a_fix_the_note_does_not_know_of_is_found_to_be_none(world: World) -> Case:
    finding = TechFinding.objects.select_related("entity").get(key="no-rate-limit")
    findings.fix(finding=finding, on=AS_OF - dt.timedelta(days=1), by=world.by, at=AT)
    yield "qos:no-rate-limit"
    seen = Seen(finding.key, TechFindingKind.SECURITY, finding.title, 3, exposure=2)
    findings.note(entity=finding.entity, seen=seen, on=AS_OF, by=world.by, at=AT)
