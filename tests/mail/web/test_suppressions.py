"""The pages of suppressions: what they list and to whom, adding, lifting, and the file."""

import csv
import datetime as dt
import io

import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from core.models import AuditEvent
from mail.domain import suppression, suppression_list
from mail.models import Kind, Message, Reason, Scope, State, Suppression
from tests.factories import people
from tests.factories.portfolio import EntityFactory
from tests.mail import letters
from tests.mail.audience import READER, a_list, a_mail, a_message

AT = letters.AT
LIST = "/mail/suppressions/"
pytestmark = [pytest.mark.django_db, pytest.mark.once_postgresql]


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(people.owner())
    return client


def suppress(address: str = READER, **changes: object) -> Suppression:
    asked = {"scope": Scope.COMMERCIAL, "reason": Reason.UNSUBSCRIBED, "at": AT, **changes}
    row = suppression.add(address=address, **asked)  # type: ignore[arg-type]
    assert row is not None
    return row


def shown(page: HttpResponseBase) -> str:
    return page.content.decode()  # type: ignore[attr-defined]


class TestList:
    @pytest.mark.parametrize("number", [1, 60])
    def test_any_number_costs_the_same(
        self, owner: Client, number: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        mailing_list = a_list()
        for index in range(number):
            suppress(f"reader{index}@example.com", scope=Scope.LIST, mailing_list=mailing_list)
        owner.get(LIST)

        with django_assert_num_queries(7):
            page = owner.get(LIST)

        assert shown(page).count("@example.com</a>") == min(number, 50)

    def test_the_second_page_goes_on_and_keeps_the_search(self, owner: Client) -> None:
        for index in range(60):
            suppress(f"reader{index}@example.com")

        first = shown(owner.get(LIST, {"q": "reader"}))
        assert "?q=reader&amp;page=2" in first
        assert shown(owner.get(LIST, {"q": "reader", "page": "2"})).count("@example.com</a>") == 10

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, {"bounced", "left", "listed"}),
            ({"q": "LEFT@Example.com "}, {"left"}),
            ({"scope": "list"}, {"listed"}),
            ({"reason": "hard_bounce"}, {"bounced"}),
            ({"state": "lifted"}, {"again"}),
            ({"state": "both"}, {"bounced", "left", "listed", "again"}),
            ({"scope": "all", "reason": "unsubscribed"}, set()),
            ({"q": "100%"}, set()),
        ],
    )
    def test_it_is_searched_and_filtered(self, owner: Client, asked: dict[str, str], found: set[str]) -> None:
        suppress("bounced@example.com", scope=Scope.ALL, reason=Reason.HARD_BOUNCE)
        suppress("left@example.com")
        suppress("listed@example.com", scope=Scope.LIST, mailing_list=a_list())
        suppression.lift(suppression=suppress("again@example.com"), why="They asked.", by=None, at=AT)

        page = shown(owner.get(LIST, asked))

        everybody = {"bounced", "left", "listed", "again"}
        assert {name for name in everybody if f">{name}@example.com</a>" in page} == found

    @pytest.mark.parametrize(
        "asked", [{"q": "a\x00b"}, {"q": "x" * 255}, {"scope": "everything"}, {"state": "\x00"}]
    )
    def test_a_question_that_makes_no_sense_is_refused_in_words(
        self, owner: Client, asked: dict[str, str]
    ) -> None:
        assert owner.get(LIST, asked).status_code == 400
        assert owner.get(f"{LIST}export.csv", asked).status_code == 400

    @pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 40, "\x00"])
    def test_a_page_that_is_not_there_is_the_nearest(self, owner: Client, page: str) -> None:
        suppress()
        assert READER in shown(owner.get(LIST, {"page": page}))

    def test_without_any_it_says_how_they_come(self, owner: Client) -> None:
        assert "Nobody is suppressed" in shown(owner.get(LIST))

    def test_markup_in_an_address_stays_text(self, owner: Client) -> None:
        assert "<script>" not in shown(owner.get(LIST, {"q": "<script>alert(1)</script>"}))


class TestWhoMay:
    def test_whoever_reads_the_whole_portfolio_reads_and_changes_nothing(self, client: Client) -> None:
        row = suppress()
        client.force_login(people.bookkeeper())

        assert READER in shown(client.get(LIST))
        assert "Suppress an address" not in shown(client.get(LIST))
        assert "Lift it" not in shown(client.get(f"{LIST}{row.pk}/"))
        assert client.get(f"{LIST}export.csv").status_code == 200
        for path in (f"{LIST}add", f"{LIST}{row.pk}/lift"):
            assert client.post(path, {"why": "Because I would like to."}).status_code == 403
        row.refresh_from_db()
        assert row.lifted_at is None

    def test_whoever_reads_one_entity_sees_nothing(self, client: Client) -> None:
        row = suppress()
        client.force_login(people.reader_of(EntityFactory()))
        for path in (LIST, f"{LIST}export.csv", f"{LIST}{row.pk}/", f"{LIST}add"):
            assert client.get(path).status_code == 404

    def test_a_visitor_is_sent_to_sign_in(self, client: Client) -> None:
        assert client.get(LIST).headers["Location"].startswith("/account/login/")


class TestAdding:
    def test_it_takes_effect_at_once_and_names_whose_hand_it_was(self, owner: Client) -> None:
        waiting = a_message(Kind.SERVICE)
        answer = owner.post(
            f"{LIST}add", {"address": "Reader@EXAMPLE.com", "scope": "all", "why": "Their box is closed."}
        )

        row = Suppression.objects.get()
        assert answer.headers["Location"] == f"{LIST}{row.pk}/"
        assert (row.address_key, row.reason, row.detail) == (READER, Reason.BY_HAND, "Their box is closed.")
        waiting.refresh_from_db()
        assert waiting.state == State.SUPPRESSED
        page = shown(owner.get(f"{LIST}{row.pk}/"))
        assert "Their box is closed. 1 waiting message stopped." in page
        line = AuditEvent.objects.get(action="mail:suppression:add")
        assert line.actor is not None
        assert str(line.actor) in page

    def test_one_list_is_stopped_by_naming_it(self, owner: Client) -> None:
        mailing_list = a_list()
        asked = {"address": READER, "scope": "list", "mailing_list": mailing_list.pk, "why": "By phone."}

        owner.post(f"{LIST}add", asked)

        assert Suppression.objects.get().mailing_list == mailing_list

    def test_what_is_there_already_is_shown_and_not_added(self, owner: Client) -> None:
        suppress()
        answer = owner.post(
            f"{LIST}add", {"address": READER, "scope": "commercial", "why": "Again."}, follow=True
        )

        assert "stopped already" in shown(answer)
        assert Suppression.objects.count() == 1

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"address": "reader"}, "is not one mail address; write it as name@example.com."),
            ({"address": "a@b\x00.com"}, "Null characters are not allowed."),
            ({"address": ""}, "Write an address."),
            ({"address": "x" * 2_000 + "@example.com"}, "at most 254 characters"),
            ({"scope": "everything"}, "everything is not one of the available choices."),
            ({"scope": "list"}, "Name the list whose campaigns are to stop."),
            ({"mailing_list": "999"}, "That choice is not one of the available choices."),
            ({"mailing_list": "9" * 30}, "That choice is not one of the available choices."),
            ({"why": " "}, "Write why."),
            ({"why": "x" * 501}, "at most 500 characters"),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_field_and_all_typed_is_kept(
        self, owner: Client, changes: dict[str, str], sentence: str
    ) -> None:
        asked = {"address": READER, "scope": "commercial", "why": "They asked by phone.", **changes}

        answer = owner.post(f"{LIST}add", asked)

        assert answer.status_code == 422
        page = shown(answer)
        assert sentence in page
        assert ("They asked by phone." in page) is ("why" not in changes)
        assert Suppression.objects.count() == 0

    def test_a_list_is_refused_where_all_campaigns_are_to_stop(self, owner: Client) -> None:
        asked = {"address": READER, "scope": "commercial", "mailing_list": a_list().pk, "why": "By phone."}
        answer = owner.post(f"{LIST}add", asked)

        assert (answer.status_code, Suppression.objects.count()) == (422, 0)
        assert "leave it empty" in shown(answer)


class TestOne:
    def test_it_says_after_which_mail_and_whose_word_it_was(self, owner: Client) -> None:
        mailing_list = a_list()
        message = a_mail(mailing_list)
        row = suppress(scope=Scope.LIST, mailing_list=mailing_list, message=message)

        page = shown(owner.get(f"{LIST}{row.pk}/"))

        assert reverse("mail:message", args=[message.public_id]) in page
        assert "because this reader unsubscribed (10 November 2026)." in page
        assert "The reader</p>" in page
        assert "This is the reader’s own word." in page

    def test_it_is_lifted_with_a_reason_that_stands_there_afterwards(self, owner: Client) -> None:
        row = suppress()

        answer = owner.post(f"{LIST}{row.pk}/lift", {"why": "They asked for it by phone."}, follow=True)

        row.refresh_from_db()
        assert row.lifted_why == "They asked for it by phone."
        page = shown(answer)
        assert "They asked for it by phone." in page
        assert "Lift it" not in page
        assert Message.objects.count() == 0

    @pytest.mark.parametrize(
        ("why", "sentence"),
        [
            ("", "Write why."),
            ("Mistake.", "Say in a whole sentence why they are to be mailed again"),
            ("x" * 501, "at most 500 characters"),
            ("a\x00b", "Null characters are not allowed."),
        ],
    )
    def test_a_reason_that_will_not_do_is_refused_and_kept(
        self, owner: Client, why: str, sentence: str
    ) -> None:
        row = suppress()

        answer = owner.post(f"{LIST}{row.pk}/lift", {"why": why})

        assert answer.status_code == 422
        assert sentence in shown(answer)
        row.refresh_from_db()
        assert row.lifted_at is None

    def test_a_second_lifting_is_told_so(self, owner: Client) -> None:
        row = suppress()
        suppression.lift(suppression=row, why="They asked.", by=None, at=AT)

        answer = owner.post(f"{LIST}{row.pk}/lift", {"why": "They asked for it by phone."})

        assert answer.status_code == 422
        assert "was lifted already" in shown(answer)

    @pytest.mark.parametrize("pk", ["0", "999", "9" * 40])
    def test_what_is_not_there_answers_404(self, owner: Client, pk: str) -> None:
        assert owner.get(f"{LIST}{pk}/").status_code == 404
        assert owner.post(f"{LIST}{pk}/lift", {"why": "They asked for it."}).status_code == 404


class TestFile:
    def rows(self, client: Client, **asked: str) -> list[dict[str, str]]:
        answer = client.get(f"{LIST}export.csv", asked)
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined,arg-type]
        return list(csv.DictReader(io.StringIO(content, newline="")))

    def test_it_holds_what_the_search_shows(self, owner: Client) -> None:
        mailing_list = a_list()
        suppress("listed@example.com", scope=Scope.LIST, mailing_list=mailing_list)
        suppress(
            "bounced@example.com",
            scope=Scope.ALL,
            reason=Reason.HARD_BOUNCE,
            detail="550, “no such user”\nbye",
        )
        lifted = suppress("again@example.com")
        suppression.lift(suppression=lifted, why="They asked.", by=None, at=AT + dt.timedelta(days=1))

        assert self.rows(owner, q="listed") == [
            {
                "address": "listed@example.com",
                "scope": "Campaigns of one list",
                "list": "Harbour News",
                "reason": "Unsubscribed",
                "detail": "",
                "since": "2026-11-10T09:00:00-08:00",
                "lifted": "",
                "lifted_why": "",
            }
        ]
        assert [row["address"] for row in self.rows(owner)] == ["bounced@example.com", "listed@example.com"]
        assert self.rows(owner, reason="hard_bounce")[0]["detail"] == "550, “no such user”\nbye"
        (again,) = self.rows(owner, state="lifted")
        assert (again["lifted"], again["lifted_why"]) == ("2026-11-11T09:00:00-08:00", "They asked.")

    @pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
    def test_no_cell_is_a_formula(self, owner: Client, sign: str) -> None:
        suppress("reader@example.com", detail=f"{sign}cmd|' /C calc'!A0")

        assert self.rows(owner)[0]["detail"] == f"'{sign}cmd|' /C calc'!A0"

    def test_an_address_that_begins_like_a_formula_is_text(self, owner: Client) -> None:
        suppress("=1+1@example.com")

        assert self.rows(owner)[0]["address"] == "'=1+1@example.com"

    @pytest.mark.parametrize("number", [1, 60])
    def test_any_number_costs_one_query(
        self, number: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        mailing_list = a_list()
        for index in range(number):
            suppress(f"reader{index}@example.com", scope=Scope.LIST, mailing_list=mailing_list)
        with django_assert_num_queries(1):
            lines = list(suppression_list.lines(suppression_list.Wanted(), zone=dt.UTC))
        assert len(lines) == number + 1
