"""Sample technology: what runs where, an audit in September, a year of cost, ten weeks of measures, names and records.

What the handoff notes say (debt, deployments, a cache header) is adopted before; here stands what a collector and an
auditor saw. The cost is what the provider's own statement says; the books know it as part of software and web sites.
"""

import datetime as dt
from typing import NamedTuple

from portfolio.domain.technology import findings, names, snapshots, systems
from portfolio.domain.technology.findings import Seen
from portfolio.domain.technology.names import DomainSaid, RecordSaid
from portfolio.domain.technology.snapshots import CostSeen, MeasureSeen
from portfolio.domain.technology.systems import SystemSaid
from portfolio.models import (
    Entity,
    Exposure,
    MeasureName,
    SnapshotSource,
    SystemKind,
    TechFinding,
    TechFindingKind,
    TechSystem,
)

SEEN_ON = dt.date(2026, 11, 9)
AUDITED_ON = dt.date(2026, 9, 28)
_AUDIT = "Audit of 2026-09-28"
_CLOUD = "Cloud account, read on 2026-11-09"
_NOVEMBER = 2026 * 12 + 10

# entity, name, kind, exposure, when its runtime is no longer mended
SYSTEMS = (
    ("jada", "jada-site", SystemKind.SITE, Exposure.INTERNET, None),
    ("qos", "shipcaptaincrew", SystemKind.FUNCTION, Exposure.INTERNET, dt.date(2027, 10, 31)),
    ("qos", "booking-site", SystemKind.SITE, Exposure.INTERNET, None),
    ("qos", "media-store", SystemKind.STORE, Exposure.INTERNAL, None),
    ("qdn", "quote-script", SystemKind.API, Exposure.INTERNET, dt.date(2027, 6, 30)),
    ("qdn", "qdn-site", SystemKind.SITE, Exposure.INTERNET, None),
    ("dc", "client-sites", SystemKind.SITE, Exposure.INTERNET, dt.date(2026, 4, 30)),
    ("dc", "repos", SystemKind.REPOSITORY, Exposure.INTERNAL, None),
)
# entity, key of the note's finding, system, evidence as the auditor wrote it, masked; seen by the audit already
EVIDENCE = (
    ("qos", "keys-in-code", "shipcaptaincrew",
     "lambda_function.py line 14: stripe.api_key = [masked Stripe key]; the same in two older versions", True),
    ("qos", "no-waf", "booking-site", "Distribution without a web ACL; 212 requests for /wp-login.php in a week", True),
    ("qos", "signing-secret", "shipcaptaincrew",
     "Environment of the function holds TOKEN_SECRET=[masked secret]; 3 roles may read it", False),
    ("qos", "no-rate-limit", "shipcaptaincrew", "Stage prod has no usage plan and no throttle on POST /claim", False),
    ("qdn", "unauthenticated-requests", "quote-script",
     "An unsigned POST to /exec was answered 200 and stored", True),
    ("dc", "env-file-in-git", "repos", "repos.env, 11 values, [masked secret] among them; in 46 commits", True),
    ("qos", "no-availability-calendar", "booking-site", "18 of 40 visitors who left asked for free days", False),
    ("jada", "no-analytics", "jada-site", "No page loads a counter", True),
    ("qdn", "no-analytics", "qdn-site", "No page loads a counter", True),
    ("dc", "old-client-sites-on-an-unsupported-runtime", "client-sites", "Four of six sites; last mended in April", True),
)  # fmt: skip
# What the collector saw otherwise than the audit.
CHANGED = (
    "qdn",
    "unauthenticated-requests",
    "An unsigned POST to /exec was answered 200 and stored; 1,140 such in October",
)
MUTED = (
    "dc",
    "old-client-sites-on-an-unsupported-runtime",
    dt.date(2027, 2, 1),
    "Clients pay for the move in January",
)


class _Service(NamedTuple):
    """What a service costs an entity in cents a month from November 2025 on, and what of it could be saved how."""

    entity: str
    name: str
    months: tuple[int, ...]
    to_date: int
    forecast: int
    saveable: int = 0
    saving: str = ""


# Twelve months to October 2026, November up to the 9th, and the whole of November as the provider expects it.
SERVICES = (
    _Service("qos", "Compute (EC2)", (1_460,) * 4 + (1_520,) * 4 + (2_180,) * 4, 640, 2_180, 1_460,
             "Stop the old portal's server; nothing has called it since August"),
    _Service("qos", "Storage (S3)", (610, 640, 660, 690, 720, 760, 810, 850, 900, 960, 1_010, 1_060), 330, 1_110, 380,
             "Move photos older than a year to the infrequent tier"),
    _Service("qos", "CDN (CloudFront)", (520, 480, 500, 560, 610, 700, 820, 940, 2_060, 1_700, 790, 830), 240, 800),
    _Service("qos", "Functions and API", (180, 170, 180, 210, 240, 290, 360, 410, 420, 380, 340, 360), 110, 350),
    _Service("jada", "Web site and DNS", (420, 420, 420, 430, 430, 430, 440, 440, 440, 450, 450, 450), 150, 450),
    _Service("qdn", "Web site and DNS", (380, 380, 380, 380, 390, 390, 390, 390, 400, 400, 400, 400), 130, 400),
    _Service("dc", "Volumes and snapshots", (1_210, 1_240, 1_280, 1_310, 1_350, 1_390, 1_420, 1_460, 1_490, 1_530, 1_560,
                                             1_600), 480, 1_630, 660, "Delete 14 volumes that hang on no server"),
    _Service("dc", "Logs and monitoring", (330, 340, 350, 360, 370, 390, 410, 430, 450, 470, 480, 490), 150, 500),
)  # fmt: skip

DOMAINS = (
    ("qos", DomainSaid("queenofsandiego.com", dt.date(2027, 5, 14), dt.date(2027, 1, 22), True, True, False, _CLOUD)),
    ("jada", DomainSaid("jada.example", dt.date(2026, 12, 19), dt.date(2027, 2, 3), True, True, True, _CLOUD)),
    ("qdn", DomainSaid("quickdumpnow.example", dt.date(2027, 8, 2), dt.date(2027, 1, 9), False, False, False, _CLOUD)),
    ("dc", DomainSaid("dangerouscentaur.example", dt.date(2027, 3, 30), dt.date(2027, 1, 30), True, True, None, _CLOUD)),
)  # fmt: skip
# Addresses are those set aside for documents.
RECORDS = (
    ("qos", RecordSaid("queenofsandiego.com", "queenofsandiego.com", "A", 300, "192.0.2.10")),
    ("qos", RecordSaid("queenofsandiego.com", "www.queenofsandiego.com", "CNAME", 300, "d1a2b3.cloudfront.net")),
    ("qos", RecordSaid("queenofsandiego.com", "old.queenofsandiego.com", "CNAME", 3600, "d9z8y7.cloudfront.net", True)),
    ("jada", RecordSaid("jada.example", "jada.example", "A", 300, "192.0.2.20")),
    ("jada", RecordSaid("jada.example", "www.jada.example", "CNAME", 86_400, "d4e5f6.cloudfront.net")),
    ("qdn", RecordSaid("quickdumpnow.example", "quickdumpnow.example", "A", 3600, "192.0.2.30")),
    ("qdn", RecordSaid("quickdumpnow.example", "www.quickdumpnow.example", "A", 3600, "192.0.2.30")),
    ("dc", RecordSaid("dangerouscentaur.example", "dangerouscentaur.example", "A", 3600, "192.0.2.40")),
)  # fmt: skip


def load(*, at: dt.datetime) -> None:
    """Load what a collector and an auditor saw; inside the caller's transaction."""
    entities = {entity.slug: entity for entity in Entity.objects.all()}
    known = {}
    for slug, name, kind, exposure, until in SYSTEMS:
        said = SystemSaid(name, kind, exposure, until, _CLOUD)
        known[name] = systems.add(entity=entities[slug], said=said, by=None, at=at)
    _audit(entities, known, at)
    _cost(entities, at)
    snapshots.take(
        source=SnapshotSource.SAMPLE, covers_on=SEEN_ON, costs=list(_november(entities)),
        measures=list(_measures(known)), by=None, at=at,
    )  # fmt: skip
    for slug, domain in DOMAINS:
        names.say_domain(entity=entities[slug], said=domain, on=SEEN_ON, by=None, at=at)
    for slug, record in RECORDS:
        names.say_record(entity=entities[slug], said=record, on=SEEN_ON, by=None, at=at)


def _audit(entities: dict[str, Entity], known: dict[str, TechSystem], at: dt.datetime) -> None:
    """Say what stands behind the notes' findings: some were seen in September, the others by the collector."""
    for slug, key, system, evidence, audited in EVIDENCE:
        noted = TechFinding.objects.get(entity=entities[slug], key=key)
        seen = Seen(
            key=key, kind=TechFindingKind(noted.kind), title=noted.title, severity=noted.severity, exposure=noted.exposure,
            effort=noted.effort, evidence=evidence, remedy=noted.remedy, system=known[system],
        )  # fmt: skip
        on = AUDITED_ON if audited else SEEN_ON
        findings.note(entity=entities[slug], seen=seen, on=on, by=None, at=at)
    slug, key, evidence = CHANGED
    noted = TechFinding.objects.get(entity=entities[slug], key=key)
    seen = Seen(
        key=key, kind=TechFindingKind(noted.kind), title=noted.title, severity=noted.severity, exposure=noted.exposure,
        effort=noted.effort, evidence=evidence,
    )  # fmt: skip
    findings.note(entity=entities[slug], seen=seen, on=SEEN_ON, by=None, at=at)
    slug, key, until, reason = MUTED
    finding = TechFinding.objects.select_related("entity").get(entity=entities[slug], key=key)
    findings.mute(finding=finding, until=until, reason=reason, today=SEEN_ON, by=None, at=at)


def _cost(entities: dict[str, Entity], at: dt.datetime) -> None:
    """Take the twelve snapshots of the year, each at the end of its month."""
    for place in range(12):
        month = _NOVEMBER - 12 + place
        first_of_next = dt.date((month + 1) // 12, (month + 1) % 12 + 1, 1)
        latest = place == 11
        costs = [
            CostSeen(
                entities[row.entity], month, row.name, row.months[place], None,
                row.saveable if latest else None, row.saving if latest else "",
            )
            for row in SERVICES
        ]  # fmt: skip
        snapshots.take(
            source=SnapshotSource.SAMPLE, covers_on=first_of_next - dt.timedelta(days=1), costs=costs, by=None, at=at
        )  # fmt: skip


def _november(entities: dict[str, Entity]) -> list[CostSeen]:
    return [
        CostSeen(
            entities[row.entity], _NOVEMBER, row.name, row.to_date, row.forecast, row.saveable, row.saving
        )
        for row in SERVICES
    ]


def _measures(known: dict[str, TechSystem]) -> list[MeasureSeen]:
    """Return ten weeks of days: busier at weekends, a bad day with each failed release, storage growing."""
    found: list[MeasureSeen] = []
    first = dt.date(2026, 9, 1)
    for number in range((SEEN_ON - first).days + 1):
        on = first + dt.timedelta(days=number)
        busy = 3 if on.weekday() >= 4 else 2
        failed = on == dt.date(2026, 10, 19)
        crew, quote = 210 * busy + number % 7 * 9, 38 * busy + number % 5
        values = {
            "shipcaptaincrew": {
                MeasureName.INVOCATIONS: crew,
                MeasureName.ERRORS: 61 if failed else number % 6 // 4 + 1,
                MeasureName.P50: 84 + number % 9,
                MeasureName.P95: 410 + number % 11 * 6,
                MeasureName.P99: 1_240 + number % 13 * 17,
            },
            "quote-script": {
                MeasureName.INVOCATIONS: quote,
                MeasureName.ERRORS: 3 + number % 3,
                MeasureName.P50: 640 + number % 8 * 5,
                MeasureName.P95: 2_150 + number % 10 * 22,
                MeasureName.P99: 3_900 + number % 6 * 40,
            },
            "media-store": {
                MeasureName.STORAGE: 41_200 + number * 31,
                MeasureName.EGRESS: 96 * busy + number % 4,
            },
            "booking-site": {MeasureName.TRAFFIC: 182 * busy + number % 6 * 7},
            "jada-site": {MeasureName.TRAFFIC: 41 * busy + number % 3},
            "qdn-site": {MeasureName.TRAFFIC: 23 * busy + number % 4},
        }
        found += [
            MeasureSeen(known[system], on, name, value)
            for system, measured in values.items()
            for name, value in measured.items()
        ]
    return found
