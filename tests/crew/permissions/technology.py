"""What the pages of technology of the matrix are about: one record of every kind."""

import datetime as dt

from portfolio.models import DeploymentOutcome, Entity
from tests.factories.crew import NOW
from tests.factories.technology import (
    CacheRuleFactory,
    DeploymentFactory,
    DnsRecordFactory,
    DomainNameFactory,
    TechFindingFactory,
    TechSystemFactory,
)

_SEEN = dt.date(2026, 1, 2)


def records(entity: Entity) -> dict[str, int]:
    """Make one record of every kind for an entity."""
    made = {
        "finding": TechFindingFactory(entity=entity, first_seen_on=_SEEN),
        "muted": TechFindingFactory(
            entity=entity, first_seen_on=_SEEN, muted_until=dt.date(2099, 1, 1), mute_reason="Waits"
        ),
        "system": TechSystemFactory(entity=entity),
        "deployment": DeploymentFactory(entity=entity, at=NOW, outcome=DeploymentOutcome.FAILED),
        "domain": DomainNameFactory(entity=entity),
        "dns": DnsRecordFactory(entity=entity),
        "cache": CacheRuleFactory(entity=entity),
    }
    return {name: row.pk for name, row in made.items()}
