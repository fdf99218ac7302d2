"""The mailbox pages, as the owner, the bookkeeper, a reader of one entity, an outsider and a stranger meet them."""

import datetime as dt
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from core.models import AuditEvent
from crew.models import Person
from mail import transport
from mail.domain import queries
from mail.models import Campaign, Kind, Message, State, Suppression
from mail.transport import Outcome
from portfolio.models import Entity
from tests.factories import people
from tests.mail import letters
from tests.mail.web.mails import left, url

pytestmark = [pytest.mark.django_db, pytest.mark.once_postgresql]

PAGES = ["message", "html", "file"]
DECISIONS = ["retry", "arrived", "again"]


def subjects(page: bytes) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/mail/[0-9a-f-]{36}/">([^<]*)</a>', page.decode())


# The list


def test_the_list_shows_the_newest_first(owner: Client, mailbox: Path) -> None:
    for number in (1, 2, 3):
        letters.enqueue(dedupe_key=str(number), subject=f"Edition {number}")

    assert subjects(owner.get("/mail/").content) == ["Edition 3", "Edition 2", "Edition 1"]


def test_the_list_filters_by_state_and_by_address_or_subject(owner: Client, mailbox: Path) -> None:
    letters.enqueue(dedupe_key="1", subject="CEO report", to_address="owner@example.com")
    letters.enqueue(dedupe_key="2", subject="CFO report", to_address="cfo@example.com")
    left(Outcome.REFUSED, dedupe_key="3", subject="Lost report")

    assert subjects(owner.get("/mail/", {"q": "CFO@"}).content) == ["CFO report"]
    assert subjects(owner.get("/mail/", {"q": "ceo"}).content) == ["CEO report"]
    assert subjects(owner.get("/mail/", {"state": "failed"}).content) == ["Lost report"]
    assert subjects(owner.get("/mail/", {"state": "queued", "q": "report"}).content) == [
        "CFO report",
        "CEO report",
    ]
    empty = owner.get("/mail/", {"q": "nobody"})
    assert (empty.status_code, subjects(empty.content)) == (200, [])
    assert "No message fits" in empty.content.decode()


def test_the_list_filters_by_kind_what_it_is_campaign_and_day(owner: Client, autumn: Campaign) -> None:
    letters.enqueue(dedupe_key="1", subject="Report", at=letters.AT)
    letters.enqueue_code(dedupe_key="2", subject="Code", at=letters.AT + dt.timedelta(days=1))
    letters.enqueue(
        dedupe_key="3", subject="Sail", kind=Kind.COMMERCIAL, bcc_audit=False, to_address="ann@example.com"
    )
    Message.objects.filter(subject="Sail").update(
        campaign=autumn, created_at=letters.AT + dt.timedelta(days=2)
    )

    def asked(**question: object) -> list[str]:
        return subjects(owner.get("/mail/", question).content)

    assert asked(kind=Kind.ESSENTIAL) == ["Code"]
    assert asked(kind=Kind.COMMERCIAL) == ["Sail"]
    assert asked(campaign=autumn.pk) == ["Sail"]
    assert asked(composer=letters.CODE) == ["Code"]
    # The portfolio's days, in Los Angeles: 17:00 UTC is nine in the morning there.
    assert asked(since="2026-11-11") == ["Sail", "Code"]
    assert asked(until="2026-11-11") == ["Code", "Report"]
    assert asked(since="2026-11-11", until="2026-11-11") == ["Code"]
    assert asked(composer=letters.CODE, kind=Kind.COMMERCIAL) == []


def test_filters_beyond_search_and_state_unfold_where_one_is_in_use(owner: Client) -> None:
    assert '<details class="disclosure">' in owner.get("/mail/?q=a").content.decode()
    assert '<details class="disclosure" open>' in owner.get("/mail/?kind=1").content.decode()
    assert '<details class="disclosure" open>' in owner.get("/mail/?since=x").content.decode()


def test_a_whole_address_finds_that_address_alone_in_any_case(owner: Client) -> None:
    letters.enqueue(dedupe_key="1", subject="Hers", to_address="Ann@example.com")
    letters.enqueue(dedupe_key="2", subject="Another's", to_address="joann@example.com")

    assert subjects(owner.get("/mail/", {"q": "ann@EXAMPLE.com"}).content) == ["Hers"]
    assert len(subjects(owner.get("/mail/", {"q": "ann@"}).content)) == 2


def test_what_became_of_each_stands_beside_its_state(owner: Client) -> None:
    delivered, bounced = letters.enqueue(dedupe_key="1"), letters.enqueue(dedupe_key="2")
    Message.objects.filter(pk=delivered.pk).update(delivered_at=letters.AT, opened_at=letters.AT)
    Message.objects.filter(pk=bounced.pk).update(bounced_at=letters.AT, bounce="hard")
    page = owner.get("/mail/").content.decode()

    assert '<span class="fate">Delivered, opened</span>' in page
    assert '<span class="fate fate--bad">Hard bounce</span>' in page


def test_what_was_asked_is_kept_on_the_way_to_older_mail(owner: Client) -> None:
    for number in range(queries.PAGE + 1):
        letters.enqueue(dedupe_key=str(number))
    page = owner.get("/mail/", {"kind": Kind.SERVICE, "until": "2026-12-01"}).content.decode()
    (older,) = re.findall(r'rel="next"\s+href="([^"]*)"', page)

    assert "kind=2&amp;until=2026-12-01&amp;before=" in older


def test_an_empty_mailbox_says_what_will_fill_it(owner: Client) -> None:
    assert "No mail yet" in owner.get("/mail/").content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {"state": "lost"},
        {"q": "a\x00b"},
        {"q": "x" * 201},
        {"before": "x"},
        {"before": "0"},
        {"before": "9" * 30},
        {"before": "-1"},
        {"kind": "9"},
        {"kind": "x"},
        {"campaign": "9" * 30},
        {"campaign": "a\x00b"},
        {"composer": "nobody.knows"},
        {"since": "0001-01-01"},
        {"until": "9999-12-31"},
        {"since": "30 February"},
        {"since": "2026-11-12", "until": "2026-11-11"},
    ],
)
def test_a_question_that_makes_no_sense_is_answered_400_with_a_reason(
    owner: Client, asked: dict[str, str]
) -> None:
    letters.enqueue()
    answer = owner.get("/mail/", asked)

    assert (answer.status_code, subjects(answer.content)) == (400, [])
    assert "Please check this form" in answer.content.decode()


def test_pages_of_fifty_lead_on_to_the_older_ones(owner: Client) -> None:
    for number in range(queries.PAGE + 2):
        letters.enqueue(dedupe_key=str(number), subject=f"Edition {number}")

    first = owner.get("/mail/", {"state": "queued"})
    assert subjects(first.content) == [f"Edition {number}" for number in range(51, 1, -1)]
    (older,) = re.findall(r'rel="next"\s+href="([^"]*)"', first.content.decode())
    second = owner.get(older.replace("&amp;", "&"))
    assert subjects(second.content) == ["Edition 1", "Edition 0"]
    assert 'rel="next"' not in second.content.decode()
    assert re.search(r'rel="first"\s+href="/mail/\?state=queued"', second.content.decode())


def test_the_list_counts_what_needs_a_person(owner: Client, mailbox: Path) -> None:
    left(Outcome.REFUSED, dedupe_key="1")
    left(Outcome.UNKNOWN, dedupe_key="2")
    left(Outcome.UNKNOWN, dedupe_key="3")
    page = owner.get("/mail/").content.decode()

    assert "2 in doubt" in page
    assert "1 failed" in page


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_takes_eight_queries_however_long(
    count: int, owner: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        letters.enqueue(dedupe_key=str(number))
    # Session, person, grants, sample notice, failed, in doubt, campaigns to choose from, the page.
    with django_assert_num_queries(8):
        owner.get("/mail/")


def test_names_in_a_list_are_text_and_never_markup(owner: Client) -> None:
    letters.enqueue(subject="<script>alert(1)</script>{{ 7|add:7 }}")
    page = owner.get("/mail/").content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in page
    assert "<script>alert" not in page


# Who may


def test_a_stranger_is_sent_to_sign_in(client: Client, sent: Message) -> None:
    for page in ["/mail/", *(url(name, sent) for name in PAGES), url("part", sent, number=1)]:
        answer = client.get(page)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/account/login/")
    for name in DECISIONS:
        assert client.post(url(name, sent)).status_code == 302


@pytest.mark.parametrize(
    ("who", "status"), [("bookkeeper", 200), ("reader of one entity", 404), ("outsider", 403)]
)
def test_the_mail_is_for_those_who_read_the_whole_portfolio(
    who: str, status: int, client: Client, sent: Message
) -> None:
    client.force_login(_person(who))
    pages = ["/mail/", *(url(name, sent) for name in PAGES), url("part", sent, number=1)]

    assert [client.get(page).status_code for page in pages] == [status] * len(pages)


@pytest.mark.parametrize(
    ("who", "status"), [("bookkeeper", 403), ("reader of one entity", 404), ("outsider", 403)]
)
@pytest.mark.parametrize("name", DECISIONS)
def test_deciding_is_the_owners(who: str, status: int, name: str, client: Client, mailbox: Path) -> None:
    message = left(Outcome.REFUSED if name == "retry" else Outcome.UNKNOWN)
    events = AuditEvent.objects.count()
    client.force_login(_person(who))
    answer = client.post(url(name, message))

    before = message.state
    message.refresh_from_db()
    assert (answer.status_code, message.state, AuditEvent.objects.count()) == (status, before, events)


def test_a_reader_sees_no_buttons(client: Client, mailbox: Path) -> None:
    message = left(Outcome.UNKNOWN)
    client.force_login(people.bookkeeper())

    assert "It arrived" not in client.get(url("message", message)).content.decode()


@pytest.mark.parametrize(
    ("name", "outcome", "state", "said"),
    [
        ("retry", Outcome.REFUSED, State.QUEUED, "Queued again"),
        ("again", Outcome.UNKNOWN, State.QUEUED, "Queued again"),
        ("arrived", Outcome.UNKNOWN, State.SENT, "Noted: it arrived."),
    ],
)
def test_the_owner_decides_and_reads_what_came_of_it(
    name: str, outcome: Outcome, state: State, said: str, owner: Client, mailbox: Path
) -> None:
    message = left(outcome)
    page = owner.get(url("message", message)).content.decode()
    assert f'action="{url(name, message)}"' in page
    assert "SES answered 400 MessageRejected: no." in page

    answer = owner.post(url(name, message), follow=True)
    message.refresh_from_db()
    assert (message.state, answer.redirect_chain) == (state, [(url("message", message), 302)])
    assert said in answer.content.decode()


def test_a_message_in_doubt_says_what_is_known_and_what_to_do(owner: Client, mailbox: Path) -> None:
    page = owner.get(url("message", left(Outcome.UNKNOWN))).content.decode()

    assert "Nobody can tell whether this left" in page
    assert "ago, try 1." in page


def test_suppressed_mail_is_tried_again_once_nothing_holds_it(owner: Client, mailbox: Path) -> None:
    held = Suppression.objects.create(
        address_key="owner@example.com", scope="all", reason="hard_bounce", created_at=letters.AT
    )
    letters.enqueue()
    message = Message.objects.get()
    assert message.state == State.SUPPRESSED
    page = owner.get(url("message", message)).content.decode()
    assert "This mail is not sent" in page
    assert f"/mail/suppressions/{held.pk}/" in page
    assert "Try again" not in page
    answer = owner.post(url("retry", message), follow=True)
    assert "Lift the suppression first" in answer.content.decode()

    Suppression.objects.filter(pk=held.pk).update(lifted_at=letters.AT, lifted_why="A typing error.")
    assert "Try again" in owner.get(url("message", message)).content.decode()
    owner.post(url("retry", message))
    message.refresh_from_db()
    assert message.state == State.QUEUED


def test_a_campaign_is_sent_again_to_those_that_failed(
    owner: Client, autumn: Campaign, mailbox: Path
) -> None:
    message = left(Outcome.REFUSED, kind=Kind.COMMERCIAL, bcc_audit=False)
    Message.objects.filter(pk=message.pk).update(campaign=autumn)
    place = reverse("mail:resend_failed", args=[autumn.pk])

    assert (
        "Send Autumn again to the 1 that failed" in owner.get(f"/mail/?campaign={autumn.pk}").content.decode()
    )
    answer = owner.post(place, follow=True)
    assert answer.redirect_chain == [(f"/mail/?campaign={autumn.pk}", 302)]
    assert "Queued again for the 1 that failed" in answer.content.decode()
    message.refresh_from_db()
    assert message.state == State.QUEUED
    assert "Nobody was missed" in owner.post(place, follow=True).content.decode()
    assert owner.post(reverse("mail:resend_failed", args=[10**12])).status_code == 404


def test_sending_a_campaign_again_is_the_owners(client: Client, autumn: Campaign, mailbox: Path) -> None:
    message = left(Outcome.REFUSED, kind=Kind.COMMERCIAL, bcc_audit=False)
    Message.objects.filter(pk=message.pk).update(campaign=autumn)
    client.force_login(people.bookkeeper())

    assert "that failed</button>" not in client.get(f"/mail/?campaign={autumn.pk}").content.decode()
    assert client.post(reverse("mail:resend_failed", args=[autumn.pk])).status_code == 403
    message.refresh_from_db()
    assert message.state == State.FAILED


def test_a_decision_that_comes_too_late_says_so(owner: Client, sent: Message) -> None:
    answer = owner.post(url("retry", sent), follow=True)

    assert "This mail is no longer failed" in answer.content.decode()
    sent.refresh_from_db()
    assert sent.state == State.SENT


@pytest.mark.parametrize("name", DECISIONS)
def test_a_decision_is_never_made_by_looking(name: str, owner: Client, sent: Message) -> None:
    assert owner.get(url(name, sent)).status_code == 405


def test_an_unknown_message_is_404(owner: Client) -> None:
    unknown = "00000000-0000-0000-0000-000000000000"

    assert owner.get(f"/mail/{unknown}/").status_code == 404
    assert owner.post(f"/mail/{unknown}/retry").status_code == 404
    assert owner.get("/mail/not-a-uuid/").status_code == 404


def _person(who: str) -> Person:
    if who == "bookkeeper":
        return people.bookkeeper()
    if who == "outsider":
        return people.outsider()
    return people.reader_of(Entity.objects.create(slug="qos", name="QueenofSanDiego", kind="charter"))


# The admin


def test_the_admin_shows_messages_and_changes_none(client: Client, sent: Message) -> None:
    staff = people.owner(is_staff=True, is_superuser=True)
    client.force_login(staff)
    secret = letters.enqueue_code()

    assert sent.subject in client.get("/admin/mail/message/").content.decode()
    page = client.get(f"/admin/mail/message/{secret.pk}/change/")
    assert page.status_code == 200
    assert "sealed" not in page.content.decode().lower()
    assert client.get("/admin/mail/message/add/").status_code == 403
    assert client.post(f"/admin/mail/message/{sent.pk}/change/", {"state": "queued"}).status_code == 403
    assert client.post(f"/admin/mail/message/{sent.pk}/delete/", {"post": "yes"}).status_code == 403
    sent.refresh_from_db()
    assert sent.state == State.SENT


def test_reading_never_hands_anything_to_the_transport(
    owner: Client, mailbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = letters.enqueue()
    monkeypatch.setattr(transport, "connect", None)
    owner.get(url("message", message))

    message.refresh_from_db()
    assert (message.state, mailbox.exists()) == (State.QUEUED, False)
