"""Links of the agenda mail: who looks at one spends nothing, one press acts, and nothing else ever does."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from time_machine import travel

from config.logs import scrub
from core.models import AuditEvent
from crew.models import Person
from mail.models import Message
from portfolio.models import Entity
from reports import tasks
from reports.domain import actions, owners, taps
from reports.domain.taps import Standing
from reports.models import Action, ActionLink, ActionState, Finding, LinkVerb, Report
from reports.web import tap as page
from tests.factories import people

NOW = dt.datetime(2026, 11, 18, 15, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 18)
DUE = dt.date(2026, 11, 24)
# How scanners of mail ask: by HEAD, by GET twice, as a browser, as a crawler, with an old protocol's headers.
SCANNERS = [
    ("HEAD", {}),
    ("GET", {}),
    (
        "GET",
        {"HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0) Safe Links", "HTTP_SEC_FETCH_MODE": "navigate"},
    ),
    ("GET", {"HTTP_USER_AGENT": "BarracudaCentral-bot"}),
    ("GET", {"HTTP_PURPOSE": "prefetch", "HTTP_SEC_PURPOSE": "prefetch;prerender"}),
    ("GET", {"HTTP_USER_AGENT": "GoogleImageProxy", "HTTP_ACCEPT": "image/*"}),
    ("HEAD", {"HTTP_USER_AGENT": "Mimecast", "HTTP_X_FORWARDED_FOR": "192.0.2.7"}),
    ("GET", {"HTTP_HX_REQUEST": "true"}),
]


@pytest.fixture
def action(ceo: Report, qos: Entity, owner: Person) -> Action:
    """An open action of the owner's, due in six days."""
    finding = Finding.objects.create(
        rule="no-listing", subject="qos", severity="high", title="No listing is live", first_seen_on=TODAY, last_seen_on=TODAY,
    )  # fmt: skip
    return Action.objects.create(
        report=ceo,
        finding=finding,
        title="Put one up",
        owner="Owner",
        assignee=owner,
        due_on=DUE,
        opened_on=TODAY,
    )


def link(action: Action, verb: LinkVerb = LinkVerb.DONE) -> str:
    """Return the address of a fresh link of whoever has the action."""
    assert action.assignee is not None
    made = taps.issue(rows=[action], person=action.assignee, message=a_message(), at=NOW)
    return f"/reports/tap/{made[action.pk, verb]}/"


def a_message() -> Message:
    """Return the mail that bears the links; each of them another, for one made anew ends those it bore before."""
    return Message.objects.create(
        dedupe_key=f"test:{Message.objects.count()}", composer="reports.agenda", bears_secret=True,
        to_address="owner@example.com", subject="Two", created_at=NOW, due_at=NOW,
    )  # fmt: skip


def ask(address: str, method: str = "GET", at: dt.datetime = NOW, **headers: Any) -> Any:
    """Ask as somebody without cookies whose browser would have its forms checked."""
    with travel(at, tick=False):
        return Client(enforce_csrf_checks=True).generic(method, address, **headers)


def spent() -> int:
    return ActionLink.objects.filter(used_at__isnull=False).count()


@pytest.mark.django_db
@pytest.mark.parametrize("verb", LinkVerb)
def test_no_scanner_spends_a_link_and_then_its_button_acts_once(action: Action, verb: LinkVerb) -> None:
    address = link(action, verb)
    before = AuditEvent.objects.count()
    for method, headers in SCANNERS:
        answer = ask(address, method, **headers)
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "no-referrer"
    shown = answer.content.decode()
    assert ("Mark it done" if verb == LinkVerb.DONE else "Move it to 1 Dec 2026") in shown
    assert (spent(), AuditEvent.objects.count()) == (0, before)

    answer = ask(address, "POST")

    assert answer.status_code == 200
    action.refresh_from_db()
    if verb == LinkVerb.DONE:
        assert (action.state, action.settled_by, action.settled_on) == (
            ActionState.DONE,
            action.assignee,
            TODAY,
        )
        assert "Marked done" in answer.content.decode()
        assert "If its finding stands even then" in answer.content.decode()
    else:
        assert (action.state, action.due_on) == (ActionState.OPEN, DUE + dt.timedelta(days=7))
        assert "Moved to 1 Dec 2026" in answer.content.decode()
    told = list(AuditEvent.objects.order_by("id").values_list("action", "actor__email"))[before:]
    what = "settle" if verb == LinkVerb.DONE else "move"
    assert told == [(f"reports:action:{done}", "owner@example.com") for done in (what, "tap")]
    for method in ("POST", "GET"):
        answer = ask(address, method)
        assert answer.status_code == 410
        assert "This link was used before" in answer.content.decode()
    assert Action.objects.get().due_on == action.due_on


@pytest.mark.once
@pytest.mark.django_db
def test_an_action_that_somebody_wrote_down_is_done_without_a_word_of_a_finding(action: Action) -> None:
    Action.objects.update(finding=None)

    shown = ask(link(action), "POST").content.decode()

    assert "Marked done" in shown
    assert "finding" not in shown


@pytest.mark.django_db
def test_an_overdue_action_is_moved_to_a_week_from_today(action: Action) -> None:
    Action.objects.update(due_on=TODAY - dt.timedelta(days=30))

    ask(link(action, LinkVerb.LATER), "POST")

    assert Action.objects.get().due_on == TODAY + dt.timedelta(days=7)


@pytest.mark.django_db
def test_a_link_that_acts_no_more_says_why_and_does_nothing(
    action: Action, owner: Person, dc: Entity
) -> None:
    expired, reassigned, settled = link(action), link(action), link(action)
    late = NOW + taps.LIFE
    assert ask(expired, "POST", at=late).status_code == 410
    assert "has run out" in ask(expired, at=late).content.decode()

    other = people.owner(email="other@example.com")
    actions.assign(action=action, person=other, by=owner, at=NOW)
    answer = ask(reassigned, "POST")
    assert answer.status_code == 410
    # Whose it is, and what it is about, is told to nobody whose it is not.
    assert not {"Put one up", "No listing", "other@example.com"} & set(answer.content.decode().split("\n"))
    assert "Put one up" not in answer.content.decode()
    actions.assign(action=action, person=owner, by=owner, at=NOW)

    # Somebody who stopped working here holds old mails still, also with links that were used.
    used = link(action, LinkVerb.LATER)
    assert ask(used, "POST").status_code == 200
    assert "The action is open, due on" in ask(used).content.decode()
    owner.staff_grants.update(revoked_at=NOW)
    assert "Put one up" not in ask(used).content.decode()
    assert ask(reassigned, "POST").status_code == 410
    owner.staff_grants.update(revoked_at=None)
    Person.objects.filter(pk=owner.pk).update(is_active=False)
    assert ask(reassigned, "POST").status_code == 410
    Person.objects.filter(pk=owner.pk).update(is_active=True)

    assert (spent(), Action.objects.get().state) == (1, ActionState.OPEN)
    action.refresh_from_db()
    actions.settle(action=action, state=ActionState.DROPPED, by=other, at=NOW)
    for method in ("GET", "POST"):
        answer = ask(settled, method)
        assert answer.status_code == 410
        assert "No longer needed since 18 Nov 2026, by" in answer.content.decode()
    assert spent() == 1


@pytest.mark.django_db
def test_what_was_no_link_is_not_known_and_what_a_mail_program_hung_on_its_end_is_left_away(
    action: Action,
) -> None:
    address = link(action)
    token = address.split("/")[3]
    wrong = [
        token[:-1], token.upper(), token.swapcase(), token * 2, f"{token}%00", f"%00{token}x", "x" * 10_000,
        "%F0%9F%9A%A2", "a/b/c", token[::-1], f"{token}.{token}",
    ]  # fmt: skip
    for part in wrong:
        for method in ("GET", "POST"):
            assert ask(f"/reports/tap/{part}/", method).status_code == 404, part[:60]
    assert spent() == 0
    for part in (f"{token}.", f"%3C{token}%3E", f"{token}%2C%22"):
        assert ask(f"/reports/tap/{part}/").status_code == 200
    assert ask(f"/reports/tap/{token}", "GET").status_code == 301
    assert scrub(f"GET {address.lower()} 404") == "GET /reports/tap/[secret]/ 404"


@pytest.mark.django_db
def test_links_that_lead_nowhere_are_asked_for_only_so_often_from_one_place(
    action: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        page, "WRONG_FROM_ADDRESS", page.WRONG_FROM_ADDRESS.__class__("action_tap_address", 3, 3600)
    )
    address = link(action)
    for _ in range(5):
        ask(address)  # A right one is not counted.
    assert [ask("/reports/tap/nothing/").status_code for _ in range(4)] == [404, 404, 404, 429]
    assert ask(address, "POST", REMOTE_ADDR="192.0.2.9").status_code == 200


@pytest.mark.django_db
def test_links_that_ran_out_long_ago_are_forgotten_and_the_trail_keeps_what_they_did(action: Action) -> None:
    used, unused = link(action, LinkVerb.LATER), link(action)
    assert ask(used, "POST").status_code == 200
    kept_until = NOW + taps.LIFE + taps.KEPT
    assert taps.forget_old(at=kept_until) == 0
    assert "has run out" in ask(unused, at=kept_until).content.decode()

    with travel(kept_until + dt.timedelta(seconds=1), tick=False):
        tasks.forget_links()

    assert (ActionLink.objects.count(), ask(unused, at=kept_until).status_code) == (0, 404)
    event = AuditEvent.objects.get(action="reports:action:tap")
    message = Message.objects.order_by("id")[0]
    assert (str(event.actor), event.data) == (
        str(action.assignee),
        {"verb": "later", "mail": str(message.public_id)},
    )


@pytest.mark.django_db
def test_no_table_holds_the_secret_of_a_link(action: Action) -> None:
    token = link(action).split("/")[3]
    ask(f"/reports/tap/{token}/", "POST")
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            assert token not in repr(cursor.fetchall()), table


@pytest.mark.django_db(transaction=True)
def test_of_many_who_press_at_once_one_acts(action: Action) -> None:
    address = link(action, LinkVerb.LATER)

    def press(_: int) -> int:
        try:
            return int(Client().post(address).status_code)
        finally:
            connection.close()

    with travel(NOW, tick=True), ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(press, range(8)))

    assert statuses == [200] + [410] * 7
    assert (spent(), Action.objects.get().due_on) == (1, DUE + dt.timedelta(days=7))


@pytest.mark.django_db
def test_who_may_answer_is_asked_in_the_statement_that_spends(action: Action, owner: Person) -> None:
    """What changes between the look and the press is seen: here another person settles it at that very moment."""
    token = link(action).split("/")[3]
    looked = taps.look(text=token, at=NOW)
    assert looked is not None
    assert looked.standing is Standing.OPEN
    Action.objects.update(assignee=None)

    with pytest.raises(actions.ActionRefusedError):
        taps._spend(looked.link, NOW)
    assert owners.may_read(owner, subject="qos")
    assert spent() == 0
