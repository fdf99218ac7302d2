"""Actions over editions: whose they are, how they are carried over and escalated, and those that people write down."""

import dataclasses
import datetime as dt

import pytest

from core.models import AuditEvent
from crew.models import Person
from portfolio.models import Assumption, Entity, UnpostedDeed
from reports.document import Document
from reports.domain import actions, editions, issue, owners, runs
from reports.domain.actions import ActionRefusedError
from reports.domain.cards import cards
from reports.domain.owners import OwnerRefusedError
from reports.models import Action, ActionState, OwnerName, Report, Trigger
from reports.render import text, web
from reports.render.words import action_state
from tests.factories import people
from tests.factories.portfolio import BookingFactory, StakeFactory
from tests.reports.test_findings import AS_OF, AT, signing, the_action

pytestmark = pytest.mark.django_db

WEEK = dt.timedelta(days=7)


def issued(report: Report, *, as_of: dt.date = AS_OF, entity: Entity | None = None) -> Document:
    """Issue an edition as a run does, without its forms, which nothing here reads; return what it says."""
    run = runs.queue(
        report=report, trigger=Trigger.COMMAND, as_of=as_of, at=AT, entity=entity, send_to=[], here=True
    )
    taken = runs.claim(run_id=run.pk, at=AT)
    assert taken is not None
    draft = issue.build(report=report, entity=entity, as_of=as_of)
    document = editions.next_document(draft=draft, report=report, entity=entity, at=AT)
    editions.keep(run=taken, draft=draft, document=document, files=(), at=AT, checked_against=None)
    return document


@pytest.fixture
def unsigned(qos: Entity) -> None:
    """A partner without an agreement, which is a finding that the owner is to mend within two weeks."""
    StakeFactory(entity=qos, holder="Sailing partner")


def line(document: Document) -> str:
    (found,) = signing(document)
    return action_state(found)


# Carried over and escalated


@pytest.mark.usefixtures("unsigned")
def test_an_action_is_carried_over_once_for_each_day_its_editions_stand_at_and_escalated_by_the_third(
    ceo: Report, owner: Person
) -> None:
    assert line(issued(ceo)) == "Open"
    assert line(issued(ceo)) == "Open"  # Issued anew as of the same day.
    for week, said in (
        (1, "Open, carried over 1 edition"),
        (2, "Open, carried over 2 editions"),
        (1, "Open, carried over 2 editions"),  # One of the past counts nothing.
    ):
        assert line(issued(ceo, as_of=AS_OF + week * WEEK)) == said
    assert the_action().escalated_on is None

    document = issued(ceo, as_of=AS_OF + 3 * WEEK)

    said = "Overdue, carried over 3 editions, escalated on 1 Dec 2026"
    assert line(document) == said
    assert "Sign the partner's         Owner       24 Nov 2026  Overdue, carried over 3" in text.render(
        document
    )
    assert said in web.render(document)
    assert (the_action().carried, the_action().escalated_on) == (3, dt.date(2026, 12, 1))
    # What changed names what became overdue since the edition before, and that once.
    assert "Sign the partner's agreement (Owner, due 24 Nov)" in document.changes.actions_overdue
    document = issued(ceo, as_of=AS_OF + 4 * WEEK)
    assert line(document).endswith("4 editions, escalated on 1 Dec 2026")
    assert document.changes.actions_overdue == ()
    told = AuditEvent.objects.filter(action="reports:action:escalate", subject_id=str(the_action().pk))
    assert told.count() == 1
    (card,) = [card for card in cards(owner, AT) if card.title == "Escalated actions"]
    assert (card.value, card.severity) == ("4", "critical")
    # Opened again it is escalated anew, by the next edition that finds it late.
    actions.settle(action=the_action(), state=ActionState.DROPPED, by=owner, at=AT)
    actions.reopen(action=the_action(), by=owner, at=AT)
    assert the_action().escalated_on is None
    assert line(issued(ceo, as_of=AS_OF + 5 * WEEK)).endswith("5 editions, escalated on 15 Dec 2026")
    assert told.count() == 2


@pytest.mark.usefixtures("unsigned")
@pytest.mark.parametrize(("days", "escalated"), [(13, None), (14, AS_OF + WEEK)])
def test_an_action_two_weeks_overdue_is_escalated(ceo: Report, days: int, escalated: dt.date | None) -> None:
    issued(ceo)
    Action.objects.update(due_on=AS_OF + WEEK - dt.timedelta(days=days))

    issued(ceo, as_of=AS_OF + WEEK)

    assert the_action().escalated_on == escalated


@pytest.mark.usefixtures("unsigned")
def test_from_when_an_action_is_escalated_is_an_assumption(ceo: Report) -> None:
    issued(ceo)
    Assumption.objects.create(
        key="escalate-carried-editions",
        effective_on=AS_OF,
        value=1,
        unit="editions",
        note="At once",
        source="Owner",
    )

    issued(ceo, as_of=AS_OF + WEEK)

    assert the_action().escalated_on == AS_OF + WEEK


@pytest.mark.usefixtures("unsigned")
def test_a_settled_or_muted_action_is_not_carried_over(ceo: Report, owner: Person) -> None:
    issued(ceo)
    actions.settle(action=the_action(), state=ActionState.DROPPED, by=owner, at=AT)
    issued(ceo, as_of=AS_OF + WEEK)
    assert the_action().carried == 0

    actions.reopen(action=the_action(), by=owner, at=AT)
    finding = the_action().finding
    assert finding is not None
    finding.muted_until, finding.muted_by, finding.mute_reason = AS_OF + 4 * WEEK, owner, "It waits."
    finding.save()
    issued(ceo, as_of=AS_OF + 2 * WEEK)
    assert (the_action().carried, the_action().escalated_on) == (0, None)


def test_two_reports_that_run_one_rule_open_one_action_and_carry_it_over_once(qos: Entity) -> None:
    """Money held is watched by the chief financial officer's and the accountant's report alike."""
    booking = BookingFactory.create(entity=qos)
    UnpostedDeed.objects.create(
        booking=booking, deed="completed", on=AS_OF, refusal="The books are closed.", since=AT, tried_at=AT
    )
    accounting, cfo = (Report.objects.get(slug=slug) for slug in ("accounting", "cfo"))
    for day in (AS_OF, AS_OF + WEEK):
        issued(accounting, as_of=day)
        issued(cfo, as_of=day)

    action = Action.objects.get(finding__rule="event-not-posted")
    assert (action.report, action.carried) == (accounting, 1)


# Whose they are


def test_a_word_means_whom_the_owner_says_and_actions_go_to_them(
    ceo: Report, qos: Entity, dc: Entity, owner: Person, reader: Person
) -> None:
    StakeFactory(entity=qos, holder="Sailing partner")
    issued(ceo)
    assert the_action().assignee is None
    StakeFactory(entity=dc, holder="Studio partner")

    moved = owners.appoint(word=" owner ", person=reader, by=owner, at=AT)

    assert moved == Action.objects.filter(assignee=reader).count() >= 1
    assert owners.person_for("OWNER", subject="qos:partner") == reader
    assert owners.person_for("Owner", subject="dc") is None  # They may not read it.
    assert owners.person_for("Owner") is None
    issued(ceo, as_of=AS_OF + WEEK)
    assert {
        (row.finding.subject.partition(":")[0], row.assignee)
        for row in Action.objects.filter(finding__rule="partner-unsigned").select_related(
            "finding", "assignee"
        )
        if row.finding
    } == {("qos", reader), ("dc", None)}


@pytest.mark.usefixtures("unsigned")
def test_a_word_that_comes_to_mean_another_takes_its_actions_along_but_none_given_by_hand(
    ceo: Report, owner: Person, bookkeeper: Person
) -> None:
    issued(ceo)
    by_hand, other = Action.objects.filter(owner="Owner", state=ActionState.OPEN).order_by("id")[:2]
    owners.appoint(word="Owner", person=owner, by=owner, at=AT)
    third = people.owner(email="third@example.com")
    actions.assign(action=by_hand, person=third, by=owner, at=AT)

    owners.appoint(word="Owner", person=bookkeeper, by=owner, at=AT)

    by_hand.refresh_from_db()
    other.refresh_from_db()
    assert (by_hand.assignee, other.assignee) == (third, bookkeeper)
    given = AuditEvent.objects.filter(action="reports:action:assign", subject_id=str(other.pk))
    assert [event.data["assignee"] for event in given.order_by("id")] == [
        ["", "Owner"],
        ["Owner", "Bookkeeper"],
    ]
    owners.appoint(word="Owner", person=None, by=owner, at=AT)
    other.refresh_from_db()
    assert other.assignee is None
    assert not OwnerName.objects.exists()
    assert AuditEvent.objects.filter(action="reports:owner:appoint").count() == 3


@pytest.mark.usefixtures("unsigned")
def test_whoever_may_not_read_what_an_action_is_about_cannot_be_given_it(
    ceo: Report, owner: Person, dc: Entity, outsider: Person
) -> None:
    issued(ceo)
    action = the_action()
    for person in (outsider, people.reader_of(dc, email="dc@example.com")):
        with pytest.raises(ActionRefusedError, match="may not read"):
            actions.assign(action=action, person=person, by=owner, at=AT)
    with pytest.raises(OwnerRefusedError, match="not on the staff"):
        owners.appoint(word="Owner", person=outsider, by=owner, at=AT)
    with pytest.raises(OwnerRefusedError, match="No rule and no open action"):
        owners.appoint(word="Bosun", person=owner, by=owner, at=AT)
    actions.assign(action=action, person=owner, by=owner, at=AT)
    actions.settle(action=action, state=ActionState.DONE, by=owner, at=AT)
    with pytest.raises(ActionRefusedError, match="is settled"):
        actions.assign(action=action, person=None, by=owner, at=AT)


# Written down by people


def test_an_action_that_a_person_writes_down_is_printed_and_given_to_whom_its_word_means(
    ceo: Report, qos: Entity, owner: Person
) -> None:
    owners.appoint(word="Owner", person=owner, by=owner, at=AT)
    given = {
        "report": ceo,
        "title": "Ask for a second quote",
        "owner": "Owner",
        "due_on": AS_OF + WEEK,
        "today": AS_OF,
    }
    action = actions.add(**given, by=owner, at=AT)  # type: ignore[arg-type]

    assert (action.assignee, actions.subject_of(action)) == (owner, "portfolio")
    issued(ceo, as_of=AS_OF - WEEK)  # One of the past, which opens the count for nothing.
    document = issued(ceo, as_of=AS_OF)
    (printed,) = [row for row in document.actions if row.title == "Ask for a second quote"]
    assert dataclasses.asdict(printed) | {"pk": 0} == {
        "title": "Ask for a second quote", "owner": "Owner", "due_on": AS_OF + WEEK, "state": "open", "finding": "",
        "pk": 0, "carried": 0, "escalated_on": None,
    }  # fmt: skip
    (printed,) = [
        row for row in issued(ceo, as_of=AS_OF + WEEK).actions if row.title == "Ask for a second quote"
    ]
    assert printed.carried == 1
    assert "Ask for a second quote" not in {row.title for row in issued(ceo, entity=qos).actions}
    for wrong, sentence in (
        ({"title": " "}, "what is to be done"),
        ({"title": "x" * 201}, "what is to be done"),
        ({"title": "a\x00b"}, "printable"),
        ({"owner": ""}, "by whom"),
        ({"due_on": AS_OF - WEEK}, "is past"),
        ({"due_on": dt.date(2028, 1, 1)}, "more than a year"),
    ):
        with pytest.raises(ActionRefusedError, match=sentence):
            actions.add(**given | wrong, by=owner, at=AT)  # type: ignore[arg-type]
