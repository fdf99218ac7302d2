"""Agenda mails: one to everybody who has open actions of an edition, never twice, never in copy, its links made when sent."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.core import mail as django_mail
from django.test import Client, override_settings
from time_machine import travel

from crew.models import Person
from mail.domain import compose, delivery, suppression
from mail.models import Message, Reason, Scope, State
from portfolio.models import Entity
from reports.document import Document
from reports.domain import actions, agenda, editions, issue, owners, runs
from reports.models import Action, ActionLink, ActionState, Finding, Report, Trigger
from tests.factories.portfolio import ResponsibilityFactory, StakeFactory
from tests.reports.test_findings import AS_OF, AT

pytestmark = pytest.mark.django_db

WEEK = dt.timedelta(days=7)
TAP = re.compile(r"http://testserver(/reports/tap/[\w-]{43}/)")


@pytest.fixture
def issued(ceo: Report, qos: Entity, owner: Person, bookkeeper: Person) -> Callable[..., Document]:
    """Return what issues an edition to its usual readers; two words mean somebody, and there is work for both."""
    StakeFactory(entity=qos, holder="Sailing partner")
    ResponsibilityFactory(entity=qos, role="Skipper")
    owners.appoint(word="Owner", person=owner, by=owner, at=AT)
    owners.appoint(word="Bookkeeper", person=bookkeeper, by=owner, at=AT)

    def issue_it(
        as_of: dt.date = AS_OF, send_to: list[str] | None = None, entity: Entity | None = None
    ) -> Document:
        run = runs.queue(
            report=ceo, trigger=Trigger.COMMAND, as_of=as_of, at=AT, entity=entity, send_to=send_to, here=True
        )
        taken = runs.claim(run_id=run.pk, at=AT)
        assert taken is not None
        draft = issue.build(report=ceo, entity=entity, as_of=as_of)
        document = editions.next_document(draft=draft, report=ceo, entity=entity, at=AT)
        editions.keep(run=taken, draft=draft, document=document, files=(), at=AT, checked_against=None)
        return document

    return issue_it


def agendas() -> list[Message]:
    return list(Message.objects.filter(composer=agenda.COMPOSER).order_by("id"))


def send(message: Message, at: dt.datetime = AT) -> str:
    """Send a mail as the outbox does and return its plain text."""
    with travel(at, tick=False):
        delivery.deliver(message_id=message.pk, clock=lambda: at)
    message.refresh_from_db()
    assert message.state == State.SENT, message.error
    sent = django_mail.outbox[-1]
    assert (len(sent.recipients()), sent.bcc, sent.cc) == (1, [], [])
    assert message.to_address in sent.to[0]
    return str(sent.body)


@override_settings(ADMIN_BCC_ADDRESS="audit@example.com")
def test_everybody_with_open_actions_gets_one_mail_with_two_links_for_each_and_nobody_a_copy(
    issued: Callable[..., Document], owner: Person, bookkeeper: Person
) -> None:
    issued()

    found = {row.to_address: row for row in agendas()}
    assert set(found) == {"owner@example.com", "books@example.com"}
    assert not any(row.bcc_audit for row in found.values())
    assert ActionLink.objects.count() == 0
    mine = Action.objects.filter(state=ActionState.OPEN, assignee=owner)
    text = send(found["owner@example.com"])
    html = str(django_mail.outbox[-1].alternatives[0][0])  # type: ignore[attr-defined]
    links = TAP.findall(text)
    assert len(links) == len(set(links)) == 2 * mine.count() == ActionLink.objects.count()
    assert set(TAP.findall(html)) == set(links)
    for action in mine:
        assert action.title in text
    assert "http://testserver/reports/actions/?whose=mine" in text
    # Each link does what it says to the action it stands under, and one of another does not.
    done = re.search(r"\* Sign the partner's agreement\n.*?Done: \S+?(/reports/tap/\S+)", text, re.DOTALL)
    assert done is not None
    with travel(AT, tick=False):
        assert Client().post(done[1]).status_code == 200
    assert list(Action.objects.filter(state=ActionState.DONE).values_list("title", "settled_by__email")) == [
        ("Sign the partner's agreement", "owner@example.com")
    ]
    # Neither the outbox nor a mail that is read again holds a secret.
    message = found["owner@example.com"]
    again = compose.compose(message)
    for link in links:
        token = link.split("/")[3]
        for kept in (repr(message.payload), repr(message.sealed), message.dedupe_key, again.text, again.html):
            assert token not in kept
    assert "no copy is kept" in again.text


def test_one_edition_tells_somebody_once_and_only_what_is_theirs_and_not_muted(
    issued: Callable[..., Document], owner: Person, bookkeeper: Person
) -> None:
    issued()
    (to_books,) = [row for row in agendas() if row.to_address == bookkeeper.email]
    edition = to_books.payload["edition"]
    rows = Action.objects.filter(pk__in=to_books.payload["actions"])
    assert set(rows.values_list("assignee", flat=True)) == {bookkeeper.pk}
    Finding.objects.filter(actions__in=rows).update(
        muted_until=AS_OF + 2 * WEEK, muted_by=owner, mute_reason="It waits."
    )

    issued(AS_OF + WEEK)

    assert [row.to_address for row in agendas() if row.payload["edition"] != edition] == [owner.email]
    keys = {row.dedupe_key for row in agendas()}
    assert keys == {f"reports.agenda:{row.payload['edition']}:{row.payload['person']}" for row in agendas()}
    assert len(keys) == 3


def test_an_edition_for_somebody_chosen_or_of_the_past_tells_nobody(issued: Callable[..., Document]) -> None:
    issued(send_to=["board@example.com"])
    assert agendas() == []
    issued(AS_OF + WEEK)
    told = len(agendas())
    issued(AS_OF)
    assert len(agendas()) == told > 0


def test_owners_are_told_of_what_is_escalated_and_not_theirs_without_links_to_it(
    issued: Callable[..., Document], owner: Person, bookkeeper: Person
) -> None:
    issued()
    action = Action.objects.get(finding__rule="handover-open")
    actions.assign(action=action, person=bookkeeper, by=owner, at=AT)
    other = Action.objects.exclude(pk=action.pk).filter(assignee=owner)[0]
    actions.assign(action=other, person=None, by=owner, at=AT)
    Action.objects.filter(pk__in=[action.pk, other.pk]).update(due_on=AS_OF - 2 * WEEK)

    issued(AS_OF + WEEK)

    to_owner, to_books = sorted(agendas(), key=lambda row: row.pk)[-2:]
    if to_owner.to_address != owner.email:
        to_owner, to_books = to_books, to_owner
    assert (to_owner.payload["escalated"], to_books.payload["escalated"]) == (
        sorted([action.pk, other.pk]),
        [],
    )
    text = send(to_owner)
    own, _, escalated = text.partition("Escalated, and somebody else’s or nobody’s:")
    assert action.title not in own
    assert f"* {action.title}\n  Bookkeeper. Due " in escalated
    assert "Owner, nobody is named. Due " in escalated
    assert "Carried over 1 edition, escalated on 17 Nov 2026." in escalated
    assert TAP.findall(escalated) == []
    assert "escalated on 17 Nov 2026" in send(to_books)


def test_what_was_settled_or_given_away_before_the_mail_leaves_stands_in_it_no_more(
    issued: Callable[..., Document], owner: Person, bookkeeper: Person
) -> None:
    issued()
    (message,) = [row for row in agendas() if row.to_address == bookkeeper.email]
    for action in Action.objects.filter(assignee=bookkeeper):
        actions.assign(action=action, person=owner, by=owner, at=AT)

    text = send(message)

    assert (
        "Nothing is left for you to do: what was yours when the edition came out is settled, or somebody else’s"
        in text
    )
    assert TAP.findall(text) == []


def test_whoever_may_not_read_the_edition_gets_no_link_to_it(
    issued: Callable[..., Document], owner: Person, reader: Person
) -> None:
    issued()
    actions.assign(action=Action.objects.filter(finding__subject="qos")[0], person=reader, by=owner, at=AT)
    issued(AS_OF + WEEK)

    theirs, owners_own = (
        send([row for row in agendas() if row.to_address == person.email][-1]) for person in (reader, owner)
    )

    assert "/reports/ceo/" not in theirs
    assert "http://testserver/reports/ceo/2/" in owners_own


def test_somebody_who_left_is_told_nothing_and_who_wants_no_campaigns_is_told(
    issued: Callable[..., Document], owner: Person, bookkeeper: Person
) -> None:
    suppression.add(address=owner.email, scope=Scope.COMMERCIAL, reason=Reason.UNSUBSCRIBED, at=AT)
    bookkeeper.staff_grants.update(revoked_at=AT)

    issued()

    assert [(row.to_address, row.state) for row in agendas()] == [(owner.email, State.QUEUED)]
