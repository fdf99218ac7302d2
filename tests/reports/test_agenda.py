"""Agenda mails: one a day to everybody who has open actions, nothing forgotten, never in copy, its links made when sent."""

import datetime as dt
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import mail as django_mail
from django.db import connection
from django.test import Client, override_settings
from time_machine import travel

from crew.models import Person
from mail.domain import claims, compose, decisions, delivery, suppression
from mail.models import Message, Reason, Scope, State
from mail.transport import Outcome, Receipt
from portfolio.models import Entity
from reports.document import Document
from reports.domain import actions, agenda, agenda_mail, editions, issue, owners, runs
from reports.models import Action, ActionLink, ActionState, AgendaLine, Edition, Finding, Report, Trigger
from tests.factories.portfolio import ResponsibilityFactory, StakeFactory
from tests.factories.reports import an_edition
from tests.reports.test_findings import AS_OF, AT

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
WEEK = 7 * DAY
TAP = re.compile(r"http://testserver(/reports/tap/[\w-]{43}/)")


@pytest.fixture
def issued(ceo: Report, qos: Entity, owner: Person, bookkeeper: Person) -> Callable[..., Document]:
    """Return what issues an edition to its usual readers; two words mean somebody, and there is work for both."""
    StakeFactory(entity=qos, holder="Sailing partner")
    ResponsibilityFactory(entity=qos, role="Skipper")
    owners.appoint(word="Owner", person=owner, by=owner, at=AT)
    owners.appoint(word="Bookkeeper", person=bookkeeper, by=owner, at=AT)

    def issue_it(
        as_of: dt.date = AS_OF,
        send_to: list[str] | None = None,
        entity: Entity | None = None,
        at: dt.datetime = AT,
    ) -> Document:
        run = runs.queue(
            report=ceo, trigger=Trigger.COMMAND, as_of=as_of, at=at, entity=entity, send_to=send_to, here=True
        )
        taken = runs.claim(run_id=run.pk, at=at)
        assert taken is not None
        draft = issue.build(report=ceo, entity=entity, as_of=as_of)
        document = editions.next_document(draft=draft, report=ceo, entity=entity, at=at)
        editions.keep(run=taken, draft=draft, document=document, files=(), at=at, checked_against=None)
        return document

    return issue_it


@pytest.fixture
def noted(ceo: Report, owner: Person) -> Callable[..., Action]:
    """Return what writes an action of the owner's down and has an edition of the CEO's report note it."""

    def note_it(title: str, *, at: dt.datetime = AT, edition: Edition | None = None) -> Action:
        if edition is None:
            number = Edition.objects.filter(report=ceo).count() + 1
            edition = an_edition(ceo, number=number, bare=True)
        row = Action.objects.create(
            report=edition.report, title=title, owner="Owner", assignee=owner, due_on=AS_OF + WEEK, opened_on=AS_OF
        )  # fmt: skip
        agenda.note(edition=edition, rules=(), at=at)
        return row

    return note_it


def agendas(at: dt.datetime = AT) -> list[Message]:
    """Gather as the sweep does, and return all there are."""
    agenda.gather(at=at)
    return list(Message.objects.filter(composer=agenda.COMPOSER).order_by("id"))


def told() -> list[set[str]]:
    """Return the titles of what each mail tells of, in the order in which they were queued."""
    rows = [row.payload["actions"] for row in Message.objects.filter(composer=agenda.COMPOSER).order_by("id")]
    return [set(Action.objects.filter(pk__in=pks).values_list("title", flat=True)) for pks in rows]


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


@pytest.mark.once
def test_what_is_not_theirs_or_muted_is_told_to_nobody(
    issued: Callable[..., Document], owner: Person, bookkeeper: Person
) -> None:
    issued()
    (to_books,) = [row for row in agendas() if row.to_address == bookkeeper.email]
    rows = Action.objects.filter(pk__in=to_books.payload["actions"])
    assert set(rows.values_list("assignee", flat=True)) == {bookkeeper.pk}
    Finding.objects.filter(actions__in=rows).update(
        muted_until=AS_OF + 2 * WEEK, muted_by=owner, mute_reason="It waits."
    )

    issued(AS_OF + WEEK, at=AT + WEEK)

    assert [row.to_address for row in agendas(AT + WEEK)[2:]] == [owner.email]
    keys = {row.dedupe_key for row in agendas(AT + WEEK)}
    assert keys == {
        *(f"reports.agenda:2026-11-18:{person.pk}" for person in (owner, bookkeeper)),
        f"reports.agenda:2026-11-25:{owner.pk}",
    }


@pytest.mark.once
def test_an_edition_for_somebody_chosen_or_of_the_past_tells_nobody(issued: Callable[..., Document]) -> None:
    issued(send_to=["board@example.com"])
    assert agendas() == []
    issued(AS_OF + WEEK)
    first = len(agendas())
    issued(AS_OF, at=AT + DAY)
    assert len(agendas(AT + DAY)) == first > 0


def test_reports_issued_together_make_one_mail_once_none_of_them_is_under_way(
    noted: Callable[..., Action], ceo: Report
) -> None:
    cfo = Report.objects.get(slug="cfo")
    noted("First")
    last = runs.queue(report=cfo, trigger=Trigger.COMMAND, as_of=AS_OF, at=AT, here=True)
    runs.queue(report=ceo, trigger=Trigger.COMMAND, as_of=AS_OF, at=AT, send_to=[], here=True)
    runs.queue(
        report=ceo, trigger=Trigger.SCHEDULE, as_of=AS_OF, at=AT, not_before=AT + DAY, here=True
    )  # Those that will note nothing, or not soon, are not waited for.
    assert agendas() == []
    taken = runs.claim(run_id=last.pk, at=AT)
    assert taken is not None
    assert agendas() == []
    noted("Second", edition=an_edition(cfo, bare=True))
    runs.fail(run=taken, at=AT, error="It stops here.")

    (message,) = agendas()

    assert told() == [{"First", "Second"}]
    assert message.subject == "2 actions to do, from 2 editions"
    assert (message.from_name, message.reply_to) == ("Quarterdeck", "")
    assert not AgendaLine.objects.exists()
    text = send(message)
    assert re.search(
        r"From CEO: .*?, edition 1, as of 10 Nov 2026:\nhttp://testserver/reports/ceo/1/\nFrom CFO: ", text
    )
    html = str(django_mail.outbox[-1].alternatives[0][0])  # type: ignore[attr-defined]
    assert html.count("as of 10 Nov 2026") == 1
    assert agendas() == [message]


@pytest.mark.once
def test_a_report_that_hangs_is_waited_for_an_hour(noted: Callable[..., Action], ceo: Report) -> None:
    noted("First")
    runs.queue(report=ceo, trigger=Trigger.COMMAND, as_of=AS_OF, at=AT, here=True)
    assert agendas(AT + agenda.LONGEST_WAIT - dt.timedelta(seconds=1)) == []
    assert len(agendas(AT + agenda.LONGEST_WAIT)) == 1


@pytest.mark.once
def test_what_comes_after_the_mail_of_a_day_waits_for_the_next_and_leaves_in_its_morning(
    noted: Callable[..., Action],
) -> None:
    noted("First")
    assert len(agendas()) == 1
    noted(
        "Second", at=AT + dt.timedelta(hours=2)
    )  # This edition prints the first again, which is told already.
    assert [row.action.title for row in AgendaLine.objects.all()] == ["Second"]
    eight = dt.datetime(2026, 11, 19, 16, 0, tzinfo=dt.UTC)
    for at in (AT + dt.timedelta(hours=3), eight - dt.timedelta(hours=7), eight - dt.timedelta(seconds=1)):
        assert len(agendas(at)) == 1

    assert len(agendas(eight)) == 2

    assert told() == [{"First"}, {"Second"}]
    # Before eight it leaves with the day's first edition, which tells of everything that is open.
    noted("Third", at=eight + dt.timedelta(hours=1))
    noted("Fourth", at=eight + dt.timedelta(hours=22))
    assert len(agendas(eight + dt.timedelta(hours=22))) == 3
    assert told()[2] == {"First", "Second", "Third", "Fourth"}


def test_nothing_is_forgotten_where_queueing_fails_and_nothing_is_sent_that_is_no_longer_to_be_done(
    noted: Callable[..., Action], owner: Person, bookkeeper: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, given, done = noted("Kept"), noted("Given away"), noted("Done")
    actions.assign(action=given, person=bookkeeper, by=owner, at=AT)
    actions.settle(action=done, state=ActionState.DONE, by=owner, at=AT)
    real = agenda.outbox.enqueue
    calls = []

    def dies_at_the_second(**asked: object) -> object:
        calls.append(asked)
        if len(calls) == 2:
            raise RuntimeError("The worker is killed here.")
        return real(**asked)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(agenda.outbox, "enqueue", dies_at_the_second)
        with pytest.raises(RuntimeError):
            agenda.gather(at=AT)
    assert not Message.objects.exists()

    found = {row.to_address: row.payload["actions"] for row in agendas()}

    assert found == {owner.email: [kept.pk], bookkeeper.email: [given.pk]}
    assert not AgendaLine.objects.exists()
    actions.settle(action=kept, state=ActionState.DONE, by=owner, at=AT)
    noted("Another", at=AT + DAY).delete()
    assert [row.to_address for row in agendas(AT + DAY)[2:]] == [bookkeeper.email]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_gather_at_once_one_queues_the_mail(noted: Callable[..., Action]) -> None:
    noted("First")

    def gather(_: int) -> int:
        try:
            return agenda.gather(at=AT)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(gather, range(4))) == [0, 0, 0, 1]
    assert told() == [{"First"}]


@pytest.mark.once
@pytest.mark.parametrize(
    ("outcome", "decide", "button"),
    [
        (Outcome.REFUSED, decisions.retry, "Try again"),
        (Outcome.UNKNOWN, decisions.send_again, "Send again"),
    ],
)
def test_a_mail_that_did_not_go_is_sent_again_with_fresh_links_and_those_it_bore_end(
    noted: Callable[..., Action], owner: Person, outcome: Outcome, decide: Callable[..., None], button: str
) -> None:
    noted("First")
    (message,) = agendas()
    taken = delivery.claim(message_id=message.pk, at=AT)
    assert taken is not None
    with travel(AT, tick=False):
        prepared = claims.prepare(taken)
    assert not isinstance(prepared, str)
    old = TAP.findall(str(prepared[0].body))
    delivery.settle(message=taken, receipt=Receipt(outcome, AT, "Nobody knows.", "ses"), size_bytes=None)
    message.refresh_from_db()
    later = AT + dt.timedelta(minutes=5)
    client = Client()
    client.force_login(owner)
    page = client.get(f"/mail/{message.public_id}/").content.decode()
    assert button in page
    assert "cannot be sent again" not in page
    decide(message=message, by=owner, at=later)

    fresh = TAP.findall(send(message, at=later))

    assert (len(fresh), len(old), set(fresh) & set(old)) == (2, 2, set())
    with travel(later, tick=False):
        assert [Client().post(link).status_code for link in (*old, fresh[0])] == [410, 410, 200]
    assert set(Action.objects.values_list("state", flat=True)) == {ActionState.DONE}


@pytest.mark.once
def test_links_that_act_go_to_no_address_that_is_not_the_persons_any_more(
    noted: Callable[..., Action], owner: Person
) -> None:
    noted("First")
    (message,) = agendas()
    Person.objects.update(email="moved@example.com")

    with travel(AT, tick=False):
        delivery.deliver(message_id=message.pk, clock=lambda: AT)

    message.refresh_from_db()
    assert (message.state, len(django_mail.outbox), ActionLink.objects.count()) == (State.FAILED, 0, 0)
    assert "has another address by now" in message.error
    # What was sent is still there to be read, and however an address is written, it is the same one.
    assert "First" in compose.compose(message).text
    Person.objects.update(email="Owner@Example.COM")
    later = AT + dt.timedelta(minutes=5)
    decisions.retry(message=message, by=owner, at=later)
    assert TAP.search(send(message, at=later))


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
    assert "Owner: given to nobody. Due " in escalated
    assert "Carried over 1 edition, escalated on 17 Nov 2026." in escalated
    assert TAP.findall(escalated) == []
    assert "escalated on 17 Nov 2026" in send(to_books)


@pytest.mark.once
def test_what_was_settled_or_given_away_before_the_mail_leaves_stands_in_it_no_more(
    noted: Callable[..., Action], owner: Person, bookkeeper: Person
) -> None:
    given, done = noted("Given away"), noted("Done")
    (message,) = agendas()
    actions.assign(action=given, person=bookkeeper, by=owner, at=AT)
    actions.settle(action=done, state=ActionState.DONE, by=owner, at=AT)

    text = send(message)

    assert (
        "Nothing is left for you to do: what was yours when this mail was asked for is settled, or somebody else’s"
        in text
    )
    assert TAP.findall(text) == []


@pytest.mark.once
def test_whoever_may_not_read_the_edition_gets_no_link_to_it(
    issued: Callable[..., Document], owner: Person, reader: Person
) -> None:
    issued()
    actions.assign(action=Action.objects.filter(finding__subject="qos")[0], person=reader, by=owner, at=AT)
    issued(AS_OF + WEEK, at=AT + WEEK)

    theirs, owners_own = (
        send([row for row in agendas(AT + WEEK) if row.to_address == person.email][-1], AT + WEEK)
        for person in (reader, owner)
    )

    assert "/reports/ceo/" not in theirs
    assert "http://testserver/reports/ceo/2/" in owners_own


@pytest.mark.once
def test_somebody_who_left_is_told_nothing_and_who_wants_no_campaigns_is_told(
    issued: Callable[..., Document], owner: Person, bookkeeper: Person
) -> None:
    suppression.add(address=owner.email, scope=Scope.COMMERCIAL, reason=Reason.UNSUBSCRIBED, at=AT)
    bookkeeper.staff_grants.update(revoked_at=AT)

    issued()

    assert [(row.to_address, row.state) for row in agendas()] == [(owner.email, State.QUEUED)]


@pytest.mark.once
def test_no_action_is_missing_from_a_mail_that_has_links_for_some_alone(
    noted: Callable[..., Action], ceo: Report, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for title in ("First", "Second", "Third", "Fourth"):
        noted(title)
    monkeypatch.setattr(agenda_mail, "MOST", 1)
    monkeypatch.setattr(agenda_mail, "NAMED", 2)

    text = send(agendas()[0])

    assert len(TAP.findall(text)) == 2
    assert "Yours too, to be settled on your page:\n\n* Second. Due Tue 17 Nov 2026, 1 day overdue." in text
    assert "* Third. Due Tue 17 Nov 2026, 1 day overdue.\n* And 1 more.\n" in text
