"""Findings and their actions over editions: identity, who may see them, and what people said of them."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crew.models import Person
from portfolio.models import Agreement, Entity, Stake
from reports.document import ActionLine, Document, load
from reports.domain import actions, issue, queries, runs
from reports.models import (
    Action,
    ActionState,
    Edition,
    Finding,
    FindingState,
    Report,
    Trigger,
)
from tests.factories.portfolio import ContractFactory, ResponsibilityFactory, StakeFactory

AS_OF = dt.date(2026, 11, 10)
NEXT = dt.date(2026, 11, 17)
AT = dt.datetime(2026, 11, 18, 15, 0, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


def issued(report: Report, *, as_of: dt.date = AS_OF, entity: Entity | None = None) -> Document:
    run = runs.queue(
        report=report, trigger=Trigger.COMMAND, as_of=as_of, at=AT, entity=entity, send_to=[], here=True
    )
    run = issue.carry_out(run_id=run.pk, at=AT)
    assert run.error == ""
    assert run.edition is not None
    document: Document = load(Document, Edition.objects.get(pk=run.edition.pk).document)
    return document


def told(document: Document, rule: str) -> list[str]:
    return [line.title for line in document.findings if line.rule == rule]


def signing(document: Document) -> list[ActionLine]:
    return [line for line in document.actions if line.title == "Sign the partner's agreement"]


def the_action() -> Action:
    return Action.objects.get(finding__rule="partner-unsigned")


def test_two_partners_without_an_agreement_are_two_findings_and_clear_one_by_one(
    ceo: Report, qos: Entity
) -> None:
    first = StakeFactory.create(entity=qos, holder="First partner")
    StakeFactory(entity=qos, holder="Second partner")
    assert told(issued(ceo), "partner-unsigned") == [
        "Equity partner without a signed agreement: First partner",
        "Equity partner without a signed agreement: Second partner",
    ]

    Stake.objects.filter(pk=first.pk).update(agreement=Agreement.SIGNED, signed_on=AS_OF)
    document = issued(ceo, as_of=NEXT)

    assert "Equity partner without a signed agreement: First partner" in document.changes.findings_cleared
    assert set(Finding.objects.filter(rule="partner-unsigned").values_list("title", "state")) == {
        ("Equity partner without a signed agreement: First partner", FindingState.CLEARED),
        ("Equity partner without a signed agreement: Second partner", FindingState.OPEN),
    }


@pytest.mark.once
def test_findings_that_stand_are_seen_again_by_one_update_a_day(ceo: Report, qos: Entity) -> None:
    for holder in ("First partner", "Second partner"):
        StakeFactory.create(entity=qos, holder=holder)
    issued(ceo)

    for as_of, updates in ((AS_OF, 0), (NEXT, 1)):
        with CaptureQueriesContext(connection) as asked:
            issued(ceo, as_of=as_of)
        written = [
            q["sql"] for q in asked.captured_queries if q["sql"].startswith('UPDATE "reports_finding"')
        ]
        assert len(written) == updates
        seen = Finding.objects.filter(rule="partner-unsigned").values_list("last_seen_on", flat=True)
        assert list(seen) == [as_of, as_of]


def test_two_handovers_of_one_entity_are_two_findings(ceo: Report, qos: Entity) -> None:
    ResponsibilityFactory(entity=qos, role="Skipper")
    ResponsibilityFactory(entity=qos, role="Bookkeeper")
    assert len(told(issued(ceo), "handover-open")) == 2


def test_each_entity_answers_for_its_own_clients(ceo: Report, qos: Entity, dc: Entity) -> None:
    ContractFactory(entity=dc, client__name="A studio")
    ContractFactory(entity=qos, client__name="A school")
    lines = {line.subject: line for line in issued(ceo).findings if line.rule == "billing-undefined"}
    assert set(lines) == {"dc", "qos"}
    assert "A school" in lines["qos"].evidence[0].text
    assert "A studio" not in lines["qos"].evidence[0].text


def test_an_edition_of_one_entity_holds_no_action_of_another(ceo: Report, qos: Entity, dc: Entity) -> None:
    StakeFactory(entity=qos, holder="Sailing partner")
    StakeFactory(entity=dc, holder="Studio partner")
    issued(ceo)

    assert {line.finding for line in signing(issued(ceo, entity=qos))} == {
        "Equity partner without a signed agreement: Sailing partner"
    }
    assert {line.finding for line in signing(issued(ceo))} == {
        "Equity partner without a signed agreement: Sailing partner",
        "Equity partner without a signed agreement: Studio partner",
    }


def test_a_reader_of_one_entity_sees_its_findings_and_nobody_else_s(
    ceo: Report, qos: Entity, dc: Entity, reader: Person
) -> None:
    StakeFactory(entity=qos, holder="Sailing partner")
    StakeFactory(entity=dc, holder="Studio partner")
    issued(ceo)
    titles = set(queries.findings_for(reader).values_list("title", flat=True))
    assert "Equity partner without a signed agreement: Sailing partner" in titles
    assert "Equity partner without a signed agreement: Studio partner" not in titles
    assert {action.finding.title for action in queries.actions_for(reader) if action.finding} == titles
    assert {actions.subject_of(action) for action in queries.actions_for(reader)} == {"qos"}


def test_an_action_nobody_needs_is_not_opened_again_while_its_finding_stands(
    ceo: Report, qos: Entity, owner: Person
) -> None:
    stake = StakeFactory.create(entity=qos, holder="Sailing partner")
    issued(ceo)
    actions.settle(action=the_action(), state=ActionState.DROPPED, by=owner, at=AT)

    assert signing(issued(ceo, as_of=NEXT)) == []
    assert the_action().state == ActionState.DROPPED

    Stake.objects.filter(pk=stake.pk).update(agreement=Agreement.SIGNED, signed_on=NEXT)
    issued(ceo, as_of=NEXT)
    Stake.objects.filter(pk=stake.pk).update(agreement=Agreement.UNSIGNED, signed_on=None)
    assert [line.state for line in signing(issued(ceo, as_of=NEXT))] == ["open"]


def test_an_action_done_after_the_edition_that_opened_it_is_reviewed_once_and_opened_again(
    ceo: Report, qos: Entity, owner: Person
) -> None:
    StakeFactory(entity=qos, holder="Sailing partner")
    issued(ceo)
    actions.settle(action=the_action(), state=ActionState.DONE, by=owner, at=AT)

    second = issued(ceo)
    assert [line.state for line in signing(second)] == ["open", "done"]
    assert second.changes.actions_done == ("Sign the partner's agreement (Owner, due 24 Nov)",)
    third = issued(ceo)
    assert [line.state for line in signing(third)] == ["open"]
    assert third.changes.actions_done == ()


def test_an_edition_of_an_earlier_date_opens_no_action(ceo: Report, qos: Entity, owner: Person) -> None:
    StakeFactory(entity=qos, holder="Sailing partner")
    issued(ceo, as_of=NEXT)
    actions.settle(action=the_action(), state=ActionState.DONE, by=owner, at=AT)

    assert signing(issued(ceo, as_of=AS_OF)) == []
    assert the_action().state == ActionState.DONE


def test_a_finding_that_another_edition_cleared_first_keeps_the_day_it_cleared(
    ceo: Report, qos: Entity
) -> None:
    stake = StakeFactory.create(entity=qos, holder="Sailing partner")
    issued(ceo)
    issued(ceo, entity=qos)
    Stake.objects.filter(pk=stake.pk).update(agreement=Agreement.SIGNED, signed_on=AS_OF)
    issued(ceo)
    document = issued(ceo, as_of=NEXT, entity=qos)

    assert "Equity partner without a signed agreement: Sailing partner" in document.changes.findings_cleared
    assert Finding.objects.get(rule="partner-unsigned").cleared_on == AS_OF
