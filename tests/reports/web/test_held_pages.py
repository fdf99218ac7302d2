"""The pages of held editions: what waits and why, the draft, and the decision."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.models import AuditEvent
from crew.domain import home_cards
from crew.models import Person
from mail.domain import compose
from mail.models import Message
from portfolio.models import Entity
from reports.domain import held_mail, issue, runs
from reports.models import HeldDraft, Hold, Report, Run, RunState, Trigger
from tests.reports.conftest import NOW, as_, body
from tests.reports.test_held import AS_OF

pytestmark = pytest.mark.django_db


def run_held(entity: Entity | None = None) -> Run:
    run = runs.queue(
        report=Report.objects.get(slug="ceo"),
        trigger=Trigger.PORTAL,
        as_of=AS_OF,
        at=NOW,
        entity=entity,
        send_to=[],
        hold=True,
        here=True,
    )
    done = issue.carry_out(run_id=run.pk, at=NOW)
    assert done.state == RunState.HELD, done.error
    return done


@pytest.fixture
def waiting(qos: Entity, owner: Person) -> Run:
    """An edition about the whole portfolio that waits."""
    return run_held()


def at(name: str, run: Run, *args: Any) -> str:
    return reverse(f"reports:{name}", args=[run.pk, *args])


def test_what_waits_is_on_home_in_the_list_and_on_the_reports_page_and_its_page_says_why(
    waiting: Run, owner: Person
) -> None:
    client = as_(owner)
    home = [card for card in home_cards.cards_for(person=owner, at=NOW) if card.kind == "Reports"]

    assert [(card.title, card.severity, card.url) for card in home] == [
        ("An edition waits for your approval", "high", "/reports/held/")
    ]
    assert "it waits for approval" in body(client, reverse("reports:reports"))
    assert at("held_run", waiting) in body(client, reverse("reports:held_list"))
    told = body(client, reverse("reports:run", args=[waiting.pk]))
    assert at("held_run", waiting) in told
    assert "to be approved before it goes out" in told
    page = body(client, at("held_run", waiting))
    assert "Whoever asked for it wants to see it before it goes out." in page
    assert "It would be the first edition" in page


def test_the_draft_is_read_whole_and_its_figures_open(waiting: Run, owner: Person) -> None:
    client = as_(owner)
    page = body(client, at("held_preview", waiting))
    links = set(re.findall(rf'href="({at("held_run", waiting)}figures/[^"]+)"', page))

    assert "A draft that waits" in page
    assert links
    answer = body(client, min(links))
    assert "as the draft that waits printed it" in answer
    assert client.get(at("held_figure", waiting, "none")).status_code == 404


def test_an_owner_approves_and_the_run_goes_on(waiting: Run, owner: Person) -> None:
    client = as_(owner)
    answer = client.post(at("approve_held", waiting))

    assert answer["Location"] == reverse("reports:run", args=[waiting.pk])
    done = issue.carry_out(run_id=waiting.pk, at=NOW)
    assert done.edition is not None
    edition = body(client, reverse("reports:edition", args=["ceo", 1]))
    assert "This edition was held before it went out." in edition
    assert "Owner approved it on" in edition
    again = client.post(at("approve_held", waiting))
    assert (again.status_code, "somebody has decided" in again.content.decode()) == (422, True)
    assert "It does not wait any more" in body(client, at("held_run", waiting))


def test_discarding_needs_a_reason_and_keeps_what_was_typed(waiting: Run, owner: Person) -> None:
    client, url = as_(owner), at("discard_held", waiting)
    for reason in ("", "  ", "x" * 501, "a\x00b"):
        refused = client.post(url, {"reason": reason})
        assert refused.status_code == 422, reason
        assert reason.replace("\x00", "").strip() in refused.content.decode()
    assert Run.objects.get().state == RunState.HELD

    answer = client.post(url, {"reason": "The bank file was of another month."})

    assert answer["Location"] == reverse("reports:held_list")
    assert Run.objects.get().state == RunState.DISCARDED
    assert "Nothing waits" in body(client, reverse("reports:held_list"))
    assert "The bank file was of another month." in body(client, at("held_run", waiting))


def test_a_broken_draft_can_only_be_discarded(waiting: Run, owner: Person) -> None:
    broken = Run.objects.create(
        report=waiting.report, trigger="portal", as_of=AS_OF, queued_at=NOW, state="held", reasons="Look."
    )
    HeldDraft.objects.create(run=broken, draft={}, sha256="0" * 64, built_at=NOW)
    page = body(as_(owner), at("held_run", broken))

    assert "Its draft cannot be read" in page
    assert at("approve_held", broken) not in page
    assert as_(owner).get(at("held_preview", broken)).status_code == 404


def test_those_who_may_decide_get_a_mail_and_nobody_else(
    qos: Entity, owner: Person, bookkeeper: Person, reader: Person
) -> None:
    run = run_held(qos)
    message = Message.objects.get()

    assert (message.to_address, message.composer, message.bcc_audit) == (
        "owner@example.com",
        "reports.held",
        False,
    )
    built = compose.compose(message)
    for form in (built.text, built.html):
        assert f"/reports/held/{run.pk}/" in form
        assert "Whoever asked for it wants to see it" in form
    assert held_mail.approvers(entity=None) == held_mail.approvers(entity=qos) == [owner]


@pytest.mark.parametrize(
    ("who", "sees", "decides"), [("bookkeeper", 200, 403), ("reader", 404, 404), ("outsider", 403, 403)]
)
def test_who_runs_reports_sees_what_waits_and_only_an_owner_decides(
    waiting: Run, who: str, sees: int, decides: int, request: pytest.FixtureRequest
) -> None:
    client = as_(request.getfixturevalue(who))

    assert client.get(at("held_run", waiting)).status_code == sees
    assert client.get(at("held_preview", waiting)).status_code == sees
    for name in ("approve_held", "discard_held"):
        assert client.post(at(name, waiting), {"reason": "No."}).status_code == decides
    if who == "reader":
        about = run_held(Entity.objects.get(slug="qos"))
        assert client.get(at("held_run", about)).status_code == 403
        assert str(about.report) not in body(client, reverse("reports:held_list"))
    assert Run.objects.get(pk=waiting.pk).state == RunState.HELD


def test_a_run_that_was_never_held_has_no_such_page(ceo: Report, owner: Person) -> None:
    run = Run.objects.create(report=ceo, trigger="portal", as_of=AS_OF, queued_at=NOW)

    assert as_(owner).get(at("held_run", run)).status_code == 404


def test_an_owner_says_when_editions_wait_and_the_trail_keeps_it(ceo: Report, owner: Person) -> None:
    client, url = as_(owner), reverse("reports:holding", args=["ceo"])
    for hold, hours in (("never", ""), ("stale", "0"), ("stale", "x"), ("stale", "9" * 40)):
        assert client.post(url, {"hold": hold, "release_after_hours": hours}).status_code == 422, (
            hold,
            hours,
        )

    assert client.post(url, {"hold": "stale", "release_after_hours": "48"}).status_code == 302
    assert client.post(url, {"hold": "stale", "release_after_hours": "48"}).status_code == 302
    ceo.refresh_from_db()
    assert (ceo.hold, ceo.release_after_hours) == (Hold.STALE, 48)
    assert [event.data for event in AuditEvent.objects.filter(action="reports:report:hold")] == [
        {"hold": ["failed", "stale"], "release_after_hours": [None, 48]}
    ]
    assert client.post(url, {"hold": "always", "release_after_hours": ""}).status_code == 302


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_and_the_page_ask_as_many_questions_for_one_as_for_many(
    count: int, waiting: Run, owner: Person, django_assert_num_queries: Callable[[int], Any]
) -> None:
    for _ in range(count - 1):
        run_held()
    client: Client = as_(owner)
    client.get(reverse("reports:held_list"))
    with django_assert_num_queries(6):
        client.get(reverse("reports:held_list"))
    with django_assert_num_queries(15):
        client.get(at("held_run", waiting))
