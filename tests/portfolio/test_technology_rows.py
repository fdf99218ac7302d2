"""The database keeps what is known of the technology in bounds."""

import datetime as dt

import pytest

from portfolio.models import (
    CacheRule,
    Deployment,
    DeploymentOutcome,
    DnsRecord,
    DomainName,
    TechCost,
    TechFinding,
    TechMeasure,
    TechSnapshot,
    TechSystem,
)
from tests.factories.technology import (
    AT,
    CacheRuleFactory,
    DeploymentFactory,
    DnsRecordFactory,
    DomainNameFactory,
    TechCostFactory,
    TechFindingFactory,
    TechMeasureFactory,
    TechSnapshotFactory,
    TechSystemFactory,
)
from tests.portfolio.refusals import each_is_refused

EARLY = dt.date(2026, 1, 2)


@pytest.mark.django_db
def test_findings_out_of_bounds_are_refused() -> None:
    finding = TechFindingFactory()
    each_is_refused(
        {
            "tech_finding_once_per_key": lambda: TechFindingFactory(entity=finding.entity, key=finding.key),
            "tech_finding_weights": lambda: TechFindingFactory(severity=5),
            "tech_finding_fixed_after_it_was_seen": lambda: TechFindingFactory(fixed_on=EARLY),
            "tech_finding_muted_for_a_reason": lambda: TechFindingFactory(muted_until=EARLY),
        },
        TechFinding,
    )
    system = TechSystemFactory()
    each_is_refused(
        {"system_once_per_entity": lambda: TechSystemFactory(entity=system.entity, slug=system.slug)},
        TechSystem,
    )


@pytest.mark.django_db
def test_what_snapshots_saw_out_of_bounds_is_refused() -> None:
    snapshot = TechSnapshotFactory()
    cost, measure = TechCostFactory(snapshot=snapshot), TechMeasureFactory(snapshot=snapshot)
    each_is_refused(
        {
            "snapshot_once_per_source_and_day": lambda: TechSnapshotFactory(
                source=snapshot.source, covers_on=snapshot.covers_on
            )
        },
        TechSnapshot,
    )
    each_is_refused(
        {
            "tech_cost_once_per_service": lambda: TechCostFactory(snapshot=snapshot, entity=cost.entity),
            "tech_cost_saves_nothing_negative": lambda: TechCostFactory(saveable_minor=-1),
        },
        TechCost,
    )
    each_is_refused(
        {
            "measure_once_per_snapshot": lambda: TechMeasureFactory(snapshot=snapshot, system=measure.system),
            "measure_not_negative": lambda: TechMeasureFactory(value=-1),
        },
        TechMeasure,
    )


@pytest.mark.django_db
def test_deployments_names_and_caches_out_of_bounds_are_refused() -> None:
    released, rule = DeploymentFactory(), CacheRuleFactory()
    domain, record = DomainNameFactory(), DnsRecordFactory()
    earlier = AT - dt.timedelta(hours=1)
    each_is_refused(
        {
            "deployment_once": lambda: DeploymentFactory(entity=released.entity),
            "only_a_failed_deployment_is_restored": lambda: DeploymentFactory(
                outcome=DeploymentOutcome.FAILED, restored_at=earlier
            ),
        },
        Deployment,
    )
    each_is_refused({"domain_once_per_entity": lambda: DomainNameFactory(entity=domain.entity)}, DomainName)
    each_is_refused({"dns_record_once": lambda: DnsRecordFactory(entity=record.entity)}, DnsRecord)
    each_is_refused({"cache_rule_once": lambda: CacheRuleFactory(entity=rule.entity)}, CacheRule)
