"""What the CTO's report says where little or nothing is recorded."""

import datetime as dt

import pytest

from core import months
from portfolio.models import TechFinding
from reports.document import Cell, Table
from reports.models import Action, Finding, Report
from tests.factories.portfolio import EntityFactory
from tests.factories.technology import (
    DnsRecordFactory,
    DomainNameFactory,
    TechCostFactory,
    TechFindingFactory,
    TechSnapshotFactory,
)
from tests.reports.lenses.test_cto import section, table
from tests.reports.sample_case import AS_OF, draft, figure
from tests.reports.test_findings import issued

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_nothing_is_said_to_be_tracked_in_an_empty_database() -> None:
    document = draft("cto")
    assert document.findings == ()
    registered = [entry for entry in document.figures.values() if entry.metric != "own"]
    assert registered
    assert {entry.value for entry in registered} == {None}
    assert all(entry.missing for entry in registered)
    empty = [
        block.empty
        for part in document.sections
        for block in part.blocks
        if isinstance(block, Table)
        if not block.rows
    ]
    assert "Nothing is recorded of the technology of any entity: no system, no finding, no snapshot." in empty
    assert "No domain name is written down." in empty


def test_an_entity_that_only_noted_a_finding_has_a_count_and_no_cost() -> None:
    entity = EntityFactory(slug="qos", name="Queen")
    TechFindingFactory(entity=entity, key="limit", title="No rate limit", severity=3, exposure=2)
    document = draft("cto", entity="qos")
    assert figure(document, "security_open", "Queen").value == 1
    cost = figure(document, "tech_cost", "Queen")
    assert (cost.value, cost.missing) == (None, "not tracked: no snapshot holds it for Oct 2026")
    assert table(document, "actions").title == "1 action of 1, first things first"
    assert table(document, "security").rows[0].cells[5] == Cell("not written down")


def test_a_month_that_no_snapshot_covers_to_its_end_is_open_and_not_a_cheap_one() -> None:
    entity = EntityFactory(slug="qos", name="Queen")
    half = TechSnapshotFactory(covers_on=dt.date(2026, 10, 17))
    month = months.parse("2026-10")
    for at, minor in ((month, 1_700), (month - 1, 3_000)):
        TechCostFactory(snapshot=half, entity=entity, month=at, service="Functions", amount_minor=minor)
    document = draft("cto", entity="qos")
    cost = figure(document, "tech_cost", "Queen")
    assert (cost.value, cost.missing) == (None, "open: no snapshot covers it after 17 October")
    values = {
        entry.label: entry.value for entry in document.figures.values() if entry.key.startswith("cost.qos.")
    }
    assert values["Functions, month"] is None
    assert values["Functions, before"] == 3_000
    assert "cost-up" not in {note.rule for note in document.findings}

    whole = TechSnapshotFactory(covers_on=dt.date(2026, 10, 31))
    TechCostFactory(snapshot=whole, entity=entity, month=month, service="Functions", amount_minor=3_100)
    assert figure(draft("cto", entity="qos"), "tech_cost", "Queen").value == 3_100


def test_what_a_person_noted_and_the_records_show_is_one_thing() -> None:
    entity = EntityFactory(slug="jada", name="JADA")
    for name, ttl in (("a.example", 300), ("www.a.example", 86_400)):
        DnsRecordFactory(entity=entity, zone="a.example", name=name, ttl=ttl)
    note = [note for note in draft("cto", entity="jada").findings if note.rule == "dns-hygiene"]
    assert [(entry.subject, entry.severity.value) for entry in note] == [("jada:ttl-mismatch", "low")]
    TechFindingFactory(
        entity=entity, key="ttl-mismatch", kind="dns", title="TTLs differ", severity=2, exposure=1
    )
    note = [note for note in draft("cto", entity="jada").findings if note.rule == "dns-hygiene"]
    assert [(entry.title, entry.severity.value) for entry in note] == [("TTLs differ", "medium")]
    evidence = "".join(cell.text for cell in note[0].evidence)
    assert "a.example 300 s, www.a.example 86400 s" in evidence
    until = dt.date(2027, 1, 1)
    TechFinding.objects.update(muted_until=until, mute_reason="Moves in December")
    aside = draft("cto", entity="jada")
    note = [note for note in aside.findings if note.rule == "dns-hygiene"]
    assert [(entry.muted_until, entry.mute_reason) for entry in note] == [(until, "Moves in December")]
    assert figure(aside, "dns_open", "JADA").value == 0


def test_a_zone_of_two_entities_counts_the_records_of_each() -> None:
    for slug, many in (("jada", 1), ("qos", 2)):
        entity = EntityFactory(slug=slug)
        DomainNameFactory(entity=entity, name="a.example", expires_on=dt.date(2027, 1, many))
        for number in range(many):
            DnsRecordFactory(entity=entity, zone="a.example", name=f"w{number}.a.example", ttl=300)
    document = draft("cto")
    zones = [document.figures[row.cells[2].figure].value for row in table(document, "names", 2).rows]
    ends = [document.figures[row.cells[2].figure].value for row in table(document, "names").rows]
    assert (zones, ends) == ([1, 2], [520, 530])


def test_a_finding_set_aside_is_muted_and_not_cleared_and_its_long_name_fits() -> None:
    entity = EntityFactory(slug="qos", name="Queen")
    one, two = (
        TechFindingFactory.create(entity=entity, key=f"{'k' * 79}{end}", title="t" * 200, remedy="r" * 200)
        for end in "ab"
    )
    report, day = Report.objects.get(slug="cto"), dt.timedelta(days=1)
    issued(report)
    kept = Finding.objects.order_by("pk")
    assert [len(row.subject) for row in kept] == [80, 80]
    assert {len(title) for title in Action.objects.values_list("title", flat=True)} == {200}

    until = AS_OF + 10 * day
    TechFinding.objects.filter(pk=one.pk).update(muted_until=until, mute_reason="Waits for the vault")
    TechFinding.objects.filter(pk=two.pk).update(fixed_on=AS_OF)
    document = issued(report, as_of=AS_OF + day)
    assert {(line.status, line.muted_until) for line in document.findings} == {
        ("open", until),
        ("cleared", None),
    }
    assert sorted(action.state for action in document.actions) == ["done", "later"]
    assert {(row.state, row.muted_until, row.mute_reason) for row in kept.all()} == {
        ("open", until, "Waits for the vault"),
        ("cleared", None, ""),
    }

    TechFinding.objects.filter(pk=one.pk).update(muted_until=None, mute_reason="")
    document = issued(report, as_of=AS_OF + 2 * day)
    assert [(line.status, line.muted_until) for line in document.findings] == [("open", None)]
    assert not Finding.objects.exclude(muted_until=None).exists()


def test_what_a_snapshot_was_not_allowed_to_read_is_said_to_be_unknown() -> None:
    entity = EntityFactory(slug="qos", name="Queen")
    snapshot = TechSnapshotFactory(source="aws", covers_on=dt.date(2026, 11, 9), denied=["waf", "logs"])
    TechCostFactory(entity=entity, snapshot=snapshot)
    words = [
        "".join(cell.text for cell in block.line)
        for block in section(draft("cto", entity="qos"), "stacks").blocks
        if hasattr(block, "line")
    ]
    assert words == [
        "The AWS snapshot of 9 Nov 2026 was not allowed to read waf, logs; what that would show is not known."
    ]


def test_a_domain_that_has_run_out_is_critical() -> None:
    DomainNameFactory(entity=EntityFactory(slug="qos"), name="a.example", expires_on=dt.date(2026, 11, 9))
    note = next(note for note in draft("cto", entity="qos").findings if note.rule == "domain-expiring")
    assert (note.severity.value, note.due_days) == ("critical", 7)
    assert note.title.startswith("The domain a.example ran out on 9 Nov 2026")
