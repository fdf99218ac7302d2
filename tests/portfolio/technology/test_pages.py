"""Pages of the technology: what they cost, what odd input gets, and that what is typed arrives."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from portfolio.models import (
    CacheRule,
    Deployment,
    DnsRecord,
    DomainName,
    Entity,
    TechCost,
    TechFinding,
    TechMeasure,
    TechSystem,
)
from tests.factories import people
from tests.factories.portfolio import EntityFactory
from tests.factories.technology import (
    CacheRuleFactory,
    DeploymentFactory,
    DnsRecordFactory,
    DomainNameFactory,
    TechCostFactory,
    TechFindingFactory,
    TechSystemFactory,
)

pytestmark = pytest.mark.django_db
BASE = "/portfolio/entities/qos/technology/"


@pytest.fixture
def qos() -> Entity:
    return EntityFactory(slug="qos", name="Queen")


@pytest.fixture
def browser(qos: Entity) -> Client:
    browser = Client()
    browser.force_login(people.bookkeeper(name="Bo Bookkeeper"))
    return browser


def fill(entity: Entity, many: int) -> None:
    for number in range(many):
        TechFindingFactory(entity=entity, system=TechSystemFactory(entity=entity))
        TechCostFactory(entity=entity, service=f"Service {number}")
        DeploymentFactory(entity=entity, what=f"site {number}")
        DomainNameFactory(entity=entity, name=f"a{number}.example")
        DnsRecordFactory(entity=entity, name=f"w{number}.example.com")
        CacheRuleFactory(entity=entity, path=f"/{number}")


@pytest.mark.parametrize("many", [1, 3])
def test_the_page_costs_the_same_for_one_row_and_many(
    qos: Entity, browser: Client, django_assert_num_queries: Any, many: int
) -> None:
    fill(qos, many)
    browser.get(BASE)
    with django_assert_num_queries(13):
        assert browser.get(BASE).status_code == 200


@pytest.mark.once
def test_what_is_typed_becomes_a_record_and_shows(qos: Entity, browser: Client) -> None:
    said: list[tuple[str, dict[str, str]]] = [
        ("systems/add/", {"name": "Booking site", "kind": "site", "exposure": "internet", "supported_until": "2027-01-01"}),
        ("findings/add/", {
            "title": "No rate limit", "kind": "security", "severity": "3", "exposure": "2", "effort": "1",
            "evidence": "No throttle", "remedy": "Set one", "seen_on": "2026-11-09",
        }),
        ("cost/add/", {"month": "2026-10", "service": "Storage", "amount": "12.40", "saveable": "3", "covers_on": "2026-10-31"}),
        ("deployments/add/", {"released_at": "2026-11-02T16:10", "what": "frontend", "outcome": "failed"}),
        ("domains/add/", {"name": "Queen.Example", "expires_on": "2027-05-14", "spf": "yes", "dkim": "no"}),
        ("records/add/", {"zone": "queen.example", "name": "www.queen.example", "type": "A", "ttl": "300", "value": "192.0.2.1"}),
        ("caches/add/", {"path": "index.html", "seconds": "300", "said_by": "The bucket"}),
    ]  # fmt: skip
    for path, typed in said:
        assert browser.get(BASE + path).status_code == 200
        assert browser.post(BASE + path, typed).status_code == 302, path
    system = TechSystem.objects.get()
    measured = {"system": system.pk, "on": "2026-11-09", "name": "p95_ms", "value": "410"}
    assert browser.post(BASE + "measures/add/", measured).status_code == 302
    finding, release = TechFinding.objects.get(), Deployment.objects.get()
    assert (finding.key, finding.evidence, finding.source) == (
        "no-rate-limit",
        "No throttle",
        "Entered by hand",
    )
    assert release.at.isoformat() == "2026-11-03T00:10:00+00:00"
    assert (TechCost.objects.get().saveable_minor, TechMeasure.objects.get().value) == (300, 410)
    domain = DomainName.objects.get()
    assert (domain.name, domain.spf, domain.dkim, domain.dmarc) == ("queen.example", True, False, None)

    pages = f"/portfolio/technology/findings/{finding.pk}/"
    anew = {**said[1][1], "severity": "4", "system": str(system.pk)}
    assert browser.post(f"{pages}change/", anew).status_code == 302
    older = browser.post(f"{pages}change/", anew | {"title": "Throttle", "seen_on": "2026-11-08"})
    assert older.status_code == 422
    assert "nothing of it would change" in older.content.decode()
    assert browser.post(f"{pages}mute/", {"until": "2026-12-24", "reason": "Waits"}).status_code == 302
    assert "until 24 Dec 2026: Waits" in browser.get(BASE).content.decode()
    assert browser.post(f"{pages}unmute/").status_code == 302
    assert browser.post(f"{pages}fix/", {"fixed_on": "2026-11-10"}).status_code == 302
    restored = {"restored_at": "2026-11-02 16:35"}
    assert (
        browser.post(f"/portfolio/technology/deployments/{release.pk}/restore/", restored).status_code == 302
    )
    assert (
        browser.post(
            f"/portfolio/technology/systems/{system.pk}/change/", said[0][1] | {"name": "Site"}
        ).status_code
        == 302
    )
    page = browser.get(BASE).content.decode()
    for word in (
        "No rate limit",
        "Fixed",
        "Site",
        "$12.40",
        "made good after 25 min",
        "queen.example",
        "index.html",
    ):
        assert word in page
    for kind, model in (("domain", DomainName), ("dns", DnsRecord), ("cache", CacheRule)):
        row = model._default_manager.get()
        assert browser.post(f"/portfolio/technology/{kind}/{row.pk}/forget/").status_code == 302
        assert not model._default_manager.exists()


ODD = ("", "\x00", "x" * 20_000, "1e9", "-5", "99999999999999999999", "2026-13-40", "\ud800")


@pytest.mark.once
@pytest.mark.parametrize("odd", ODD, ids=[f"odd{number}" for number in range(len(ODD))])
def test_odd_values_are_refused_on_the_form_with_422_and_write_nothing(
    qos: Entity, browser: Client, odd: str
) -> None:
    fill(qos, 1)
    finding, system, release = TechFinding.objects.get(), TechSystem.objects.get(), Deployment.objects.get()
    shapes = {
        BASE + "findings/add/": ("title", "kind", "severity", "exposure", "effort", "seen_on", "system"),
        BASE + "systems/add/": ("name", "kind", "exposure", "supported_until"),
        BASE + "cost/add/": ("month", "service", "amount", "covers_on"),
        BASE + "measures/add/": ("system", "on", "name", "value"),
        BASE + "deployments/add/": ("released_at", "what", "outcome"),
        BASE + "domains/add/": ("name", "expires_on", "spf"),
        BASE + "records/add/": ("zone", "name", "type", "ttl", "value"),
        BASE + "caches/add/": ("path", "seconds", "said_by"),
        f"/portfolio/technology/findings/{finding.pk}/fix/": ("fixed_on",),
        f"/portfolio/technology/findings/{finding.pk}/mute/": ("until", "reason"),
        f"/portfolio/technology/systems/{system.pk}/change/": ("name", "kind", "exposure"),
        f"/portfolio/technology/deployments/{release.pk}/restore/": ("restored_at",),
    }
    for address, fields in shapes.items():
        body = urlencode(dict.fromkeys(fields, odd), errors="surrogatepass")
        answer = browser.post(address, body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 422, (address, answer.status_code)
    assert (TechFinding.objects.count(), TechCost.objects.count(), Deployment.objects.count()) == (1, 1, 1)
