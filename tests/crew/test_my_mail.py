"""Each person's own choice of mail, on a page of their own."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from core.models import AuditEvent
from mail.domain import suppression
from mail.models import Reason, Scope, Suppression
from tests.factories.people import PersonFactory
from tests.mail.audience import AT, READER, a_list, subscribe

PAGE = "/me/mail/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def me(client: Client) -> Client:
    client.force_login(PersonFactory(email=READER, name="Rhea Reader"))
    return client


@pytest.mark.parametrize("number", [1, 20])
def test_it_shows_every_list_of_ones_own_address(
    me: Client, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for index in range(number):
        subscribe(a_list(f"list-{index}"))
    subscribe(a_list("strange"), "somebody.else@example.com")
    me.get(PAGE)

    with django_assert_num_queries(8):
        page = me.get(PAGE).content.decode()

    assert f"What comes to {READER}" in page
    assert page.count("Turn off<") == number + 1
    assert "Strange" not in page
    assert f'href="{PAGE}"' in me.get("/my-work/").content.decode()


def test_a_list_is_turned_off_and_on_again_by_the_persons_own_hand(me: Client) -> None:
    mailing_list = a_list()
    subscribe(mailing_list)

    me.post(PAGE, {"turn": "off", "list": mailing_list.pk})
    row = Suppression.objects.get()
    assert (row.address_key, row.scope, row.reason) == (READER, Scope.LIST, Reason.UNSUBSCRIBED)

    answer = me.post(PAGE, {"turn": "on", "list": mailing_list.pk}, follow=True)
    assert "It takes effect at once." in answer.content.decode()
    assert not suppression.live(READER)
    assert [str(line.actor) for line in AuditEvent.objects.filter(action__startswith="mail:")] == [
        "Rhea Reader",
        "Rhea Reader",
    ]


def test_after_a_complaint_it_asks_once_more(me: Client) -> None:
    suppression.add(address=READER, scope=Scope.COMMERCIAL, reason=Reason.COMPLAINT, at=AT)

    assert "You reported our mail as spam" in me.post(PAGE, {"turn": "on"}).content.decode()
    assert suppression.live(READER)

    me.post(PAGE, {"turn": "on", "confirmed": "yes"})
    assert not suppression.live(READER)


@pytest.mark.parametrize(
    "asked", [{}, {"turn": "x"}, {"turn": "off", "list": "9" * 30}, {"turn": "off", "list": "7"}]
)
def test_a_choice_that_makes_no_sense_is_refused(me: Client, asked: dict[str, str]) -> None:
    assert me.post(PAGE, asked).status_code == 422
    assert Suppression.objects.count() == 0


def test_it_wants_a_token_against_forgery() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(PersonFactory(email=READER))

    assert client.post(PAGE, {"turn": "off"}).status_code == 403
    assert Suppression.objects.count() == 0


def test_an_address_no_mail_can_bear_is_on_no_list_and_stops_nothing(client: Client) -> None:
    client.force_login(PersonFactory(email='"odd one"@example.com'))

    assert "This address is on none of our lists." in client.get(PAGE).content.decode()
    assert client.post(PAGE, {"turn": "off"}).status_code == 422


def test_a_visitor_is_sent_to_sign_in(client: Client) -> None:
    assert client.get(PAGE).headers["Location"].startswith("/account/login/")
