"""The sample's people and their sign-in links: on this machine only, with the sample only."""

import datetime as dt
from io import StringIO

import pytest
import time_machine
from django.core import signing
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from core.models import AuditEvent
from crew.domain import demo_links, sample
from crew.models import EventGrant, EventState, Person, Role, StaffGrant
from tests.factories.crew import DEPARTS_AT, NOW, RETURNS_AT, EventFactory, EventGrantFactory
from tests.factories.people import PersonFactory, owner
from tests.factories.portfolio import EntityFactory

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 11, 10, 18, 0, tzinfo=dt.UTC)
HERE = {"REMOTE_ADDR": "127.0.0.1", "SERVER_NAME": "localhost"}
BASE = "http://localhost:8000"
WEEK = dt.timedelta(days=7)


@pytest.fixture
def demo(settings: Settings) -> None:
    settings.DEMO = True


@pytest.fixture
def loaded(demo: None) -> list[Person]:
    EntityFactory(slug="qos", name="QueenofSanDiego")
    return sample.load(at=AT)


@pytest.fixture
def here(client: Client) -> Client:
    """Return a browser on this machine."""
    client.defaults.update(HERE, HTTP_HOST="localhost:8000")
    return client


def path_of(person: Person) -> str:
    links = dict(
        zip(
            Person.objects.filter(sample=True).order_by("pk"),
            demo_links.demo_sign_in_links(base_url=BASE),
            strict=True,
        )
    )
    return links[person][1].removeprefix(BASE)


def test_the_sample_is_loaded_once(loaded: list[Person]) -> None:
    again = sample.load(at=AT + dt.timedelta(days=1))

    assert again == loaded
    assert [(person.email, person.is_superuser) for person in loaded] == [
        ("owner@example.com", True),
        ("books@example.com", False),
        ("skipper@example.com", False),
    ]
    assert StaffGrant.objects.count() == 3
    assert AuditEvent.objects.count() == 6


def test_the_sample_does_not_take_a_real_persons_address(demo: None) -> None:
    EntityFactory(slug="qos")
    owner(email="books@example.com")

    with pytest.raises(Exception, match="Somebody with the address books@example.com exists already"):
        sample.load(at=AT)

    assert not Person.objects.filter(sample=True).exists()


def test_a_revoked_sample_duty_is_not_given_back(loaded: list[Person]) -> None:
    StaffGrant.objects.filter(person=loaded[1]).update(revoked_at=AT + dt.timedelta(days=1))

    sample.load(at=AT + dt.timedelta(days=2))

    assert not StaffGrant.objects.live().filter(person=loaded[1]).exists()


def test_a_link_shows_who_it_is_for_and_a_pressed_button_signs_in(loaded: list[Person], here: Client) -> None:
    boss = loaded[0]
    address = path_of(boss)

    page = here.get(address)
    assert page.status_code == 200
    assert "Sign in as Owner" in page.content.decode()
    assert "_auth_user_id" not in here.session

    before = here.session.session_key
    answer = here.post(address)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert here.session["_auth_user_id"] == str(boss.pk)
    assert here.session.session_key != before
    event = AuditEvent.objects.get(action="crew:person:sign_in")
    assert (event.actor, event.data) == (boss, {"way": "sample link"})


def test_a_link_replaces_whoever_was_signed_in(loaded: list[Person], here: Client) -> None:
    here.force_login(loaded[0])
    here.session["kept"] = "secret of the owner"

    here.post(path_of(loaded[2]))

    assert here.session["_auth_user_id"] == str(loaded[2].pk)
    assert "kept" not in here.session


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": "::ffff:192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_HOST": "testserver"},
        {"HTTP_HOST": "testserver:8000"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_X_FORWARDED_HOST": "localhost"},
        {"HTTP_X_FORWARDED_PROTO": "http"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
    ],
    ids=str,
)
def test_a_link_answers_on_this_machine_only(
    loaded: list[Person], here: Client, elsewhere: dict[str, str]
) -> None:
    address = path_of(loaded[0])

    for method in (here.get, here.post, here.head):
        assert method(address, **elsewhere).status_code == 404  # type: ignore[operator]

    assert "_auth_user_id" not in here.session
    assert here.get(address).status_code == 200


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000"])
def test_loopback_hosts_answer(loaded: list[Person], here: Client, host: str) -> None:
    assert here.get(path_of(loaded[0]), HTTP_HOST=host).status_code == 200


def test_a_link_answers_only_with_demo_on(loaded: list[Person], here: Client, settings: Settings) -> None:
    address = path_of(loaded[0])
    settings.DEMO = False

    assert here.get(address).status_code == 404
    assert here.post(address).status_code == 404


def test_a_link_to_a_real_person_does_not_exist(loaded: list[Person], here: Client) -> None:
    person = owner(email="real@example.com")
    token = signing.dumps(person.pk, salt=demo_links.SALT)

    assert here.get(f"/demo/{token}/").status_code == 404


def test_an_inactive_sample_person_has_no_link(loaded: list[Person], here: Client) -> None:
    address = path_of(loaded[0])
    Person.objects.filter(pk=loaded[0].pk).update(is_active=False)

    assert here.get(address).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1],
        lambda token: token + "x",
        lambda token: token.upper(),
        lambda token: "x" * 10_000,
        lambda token: "%00",
        lambda token: signing.dumps("no number", salt=demo_links.SALT),
        lambda token: signing.dumps([1], salt=demo_links.SALT),
        lambda token: signing.dumps({"pk": 1}, salt=demo_links.SALT),
        lambda token: signing.dumps(None, salt=demo_links.SALT),
        lambda token: signing.dumps(10**30, salt=demo_links.SALT),
        lambda token: signing.dumps(1),
    ],
)
def test_a_forged_or_odd_token_is_not_found(loaded: list[Person], here: Client, change) -> None:  # type: ignore[no-untyped-def]
    token = path_of(loaded[0]).split("/")[2]

    assert here.get(f"/demo/{change(token)}/").status_code == 404


def test_a_link_is_good_for_a_week(loaded: list[Person], here: Client) -> None:
    with time_machine.travel(AT, tick=False) as traveller:
        address = path_of(loaded[0])
        traveller.shift(dt.timedelta(days=7))
        assert here.get(address).status_code == 200
        traveller.shift(dt.timedelta(seconds=1))
        assert here.get(address).status_code == 404


def test_other_methods_are_refused(loaded: list[Person], here: Client) -> None:
    address = path_of(loaded[0])

    for method in (here.put, here.delete, here.patch):
        assert method(address).status_code == 405


def test_the_command_prints_a_link_for_each_person(loaded: list[Person]) -> None:
    out = StringIO()

    call_command("demo_links", base_url=BASE, stdout=out)

    lines = out.getvalue().splitlines()
    assert [line.split("  ")[1].strip() for line in lines] == [
        "Owner: owner of the whole portfolio",
        "Tomás Reyes: bookkeeper of the whole portfolio",
        "Ines Halloran: reader of QueenofSanDiego",
    ]
    assert all(f"  {BASE}/demo/" in line for line in lines)


def test_who_has_no_duty_is_known_by_their_next_event(loaded: list[Person]) -> None:
    captain = PersonFactory(email="captain@example.com", name="Marisol Quade", sample=True)
    sail = EventFactory()
    later = EventFactory(departs_at=DEPARTS_AT + WEEK, returns_at=RETURNS_AT + WEEK)
    over = EventFactory(
        departs_at=DEPARTS_AT - WEEK, returns_at=RETURNS_AT - WEEK, state=EventState.COMPLETED
    )
    for event, role in ((later, Role.CREW), (sail, Role.CAPTAIN), (over, Role.GUEST)):
        EventGrantFactory(event=event, person=captain, role=role)

    assert demo_links.duties_of(person=captain) == "captain of Saturday's sunset sail (28 Nov)"
    EventGrant.objects.update(revoked_at=NOW)
    assert demo_links.duties_of(person=Person.objects.get(pk=captain.pk)) == "no duty"


def test_a_link_of_crew_leads_to_their_work(loaded: list[Person], here: Client) -> None:
    mate = PersonFactory(email="mate@example.com", sample=True)
    EventGrantFactory(person=mate)

    assert here.post(path_of(mate), follow=True).redirect_chain[-1][0].startswith("/my-work/")


def test_links_take_the_same_queries_however_many_people(
    loaded: list[Person], django_assert_num_queries
) -> None:  # type: ignore[no-untyped-def]
    for _ in range(4):
        EventGrantFactory(person=PersonFactory(sample=True))

    with django_assert_num_queries(5):
        assert len(demo_links.demo_sign_in_links(base_url=BASE)) == 7


@pytest.mark.parametrize(
    "base_url", ["http://192.0.2.7:8000", "https://quarterdeck.example.com", "", "http://[", "localhost"]
)
def test_the_command_prints_no_link_to_another_machine(loaded: list[Person], base_url: str) -> None:
    with pytest.raises(CommandError, match="is not an address of this machine") as refused:
        call_command("demo_links", base_url=base_url)
    assert refused.value.returncode == 2


def test_the_command_says_what_is_missing(demo: None, settings: Settings) -> None:
    with pytest.raises(CommandError, match="The sample is not loaded"):
        call_command("demo_links", base_url=BASE)

    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO is off"):
        call_command("demo_links", base_url=BASE)
