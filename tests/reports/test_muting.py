"""Muted findings: they stand aside until a day with a reason, open no action, and count again on that day."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import AuditEvent
from crew.models import Person
from portfolio.models import Entity
from reports.document import Document, FindingLine
from reports.domain import issue, muting
from reports.domain.cards import cards
from reports.models import Action, ActionState, Finding, Report
from reports.render import web
from reports.render.frame import Frame
from tests.factories.portfolio import StakeFactory
from tests.reports.test_findings import AS_OF, AT, issued, signing, the_action

pytestmark = pytest.mark.django_db

UNTIL = dt.date(2026, 11, 20)
WHY = "The lawyer has the paper."


def the_finding() -> Finding:
    return Finding.objects.get(rule="partner-unsigned")


def line(document: Document) -> FindingLine:
    return next(row for row in Frame(document).findings() if row.rule == "partner-unsigned")


def mute(by: Person, **changed: object) -> None:
    given = {"until_on": UNTIL, "reason": WHY, "today": AS_OF, "by": by, "at": AT, **changed}
    muting.mute(finding=the_finding(), **given)  # type: ignore[arg-type]


@pytest.fixture
def unsigned(qos: Entity) -> None:
    """A partner without an agreement, which is a finding."""
    StakeFactory(entity=qos, holder="Sailing partner")


@pytest.mark.usefixtures("unsigned")
def test_a_muted_finding_is_printed_apart_and_opens_no_action_until_its_day(
    ceo: Report, owner: Person
) -> None:
    issued(ceo)
    Action.objects.update(state=ActionState.DONE, settled_on=AS_OF)
    standing = Action.objects.filter(state=ActionState.OPEN, finding=the_finding())
    mute(owner)

    document = issued(ceo, as_of=AS_OF + dt.timedelta(days=1))

    assert (line(document).status, line(document).muted_until) == ("muted", UNTIL)
    assert f"Muted until 20 Nov 2026: {WHY}" in web.render(document)
    assert not standing.exists()
    assert [action for action in signing(document) if action.state == "open"] == []
    later = issued(ceo, as_of=UNTIL)
    assert (line(later).status, line(later).muted_until, line(later).first_seen_on) == ("open", None, AS_OF)
    assert standing.count() == 1


@pytest.mark.usefixtures("unsigned")
def test_an_action_of_a_muted_finding_is_for_later_and_never_overdue(ceo: Report, owner: Person) -> None:
    issued(ceo)
    Action.objects.update(due_on=AS_OF)
    mute(owner)

    document = issued(ceo, as_of=AS_OF + dt.timedelta(days=2))

    assert [action.state for action in signing(document)] == ["later"]
    assert the_action().state == ActionState.OPEN
    muting.unmute(finding=the_finding(), by=owner, at=AT)
    assert [row.state for row in signing(issued(ceo, as_of=AS_OF + dt.timedelta(days=2)))] == ["overdue"]
    told = AuditEvent.objects.filter(action__startswith="reports:finding:").order_by("id")
    assert [event.action.removeprefix("reports:finding:") for event in told] == ["mute", "unmute"]


@pytest.mark.usefixtures("unsigned")
def test_an_edition_writes_nothing_over_what_people_say_of_a_finding_meanwhile(ceo: Report) -> None:
    issued(ceo)
    with CaptureQueriesContext(connection) as asked:
        issued(ceo, as_of=UNTIL)
    written = [row["sql"] for row in asked if row["sql"].startswith('UPDATE "reports_finding"')]

    assert written
    assert not [sql for sql in written if "mute" in sql]


@pytest.mark.usefixtures("unsigned")
def test_home_counts_no_muted_finding(ceo: Report, owner: Person) -> None:
    issued(ceo)
    before = [card for card in cards(owner, AT) if card.kind == "Findings"]
    mute(owner)
    after = [card for card in cards(owner, AT) if card.kind == "Findings"]

    assert sum(int(card.value) for card in before) == sum(int(card.value) for card in after) + 1


@pytest.mark.usefixtures("unsigned")
def test_what_cannot_be_muted_is_refused_in_a_sentence(ceo: Report, owner: Person) -> None:
    issued(ceo)
    for changed, sentence in (
        ({"until_on": AS_OF}, "is not ahead"),
        ({"until_on": dt.date(2028, 1, 1)}, "more than a year away"),
        ({"reason": " \n"}, "Say in a sentence"),
        ({"reason": "x" * 201}, "at most 200 characters"),
        ({"reason": "a\x00b"}, "all of them printable"),
    ):
        with pytest.raises(muting.MutingRefusedError, match=sentence):
            mute(owner, **changed)
    with pytest.raises(muting.MutingRefusedError, match="is not muted"):
        muting.unmute(finding=the_finding(), by=owner, at=AT)
    Finding.objects.update(state="cleared", cleared_on=AS_OF)
    with pytest.raises(muting.MutingRefusedError, match="is cleared"):
        mute(owner)


@pytest.mark.usefixtures("unsigned")
def test_no_headline_counts_a_muted_finding(ceo: Report, owner: Person) -> None:
    issued(ceo)

    def tally(day: dt.date) -> str:
        draft = issue.build(report=ceo, entity=None, as_of=day)
        assert "partner-unsigned" in {note.rule for note in draft.findings}
        return next(row[0].text for row in draft.headline if "shortfalls are open" in row[0].text)

    before = tally(AS_OF)
    mute(owner)

    open_ones, _, rest = before.partition(" ")
    assert tally(AS_OF).startswith(f"{int(open_ones) - 1} {rest.partition(',')[0]}")
    assert tally(UNTIL).startswith(before.partition(",")[0])
