"""`manage.py send_link`: one link to one person, or one sentence and nothing."""

import datetime as dt
from collections.abc import Iterator
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from core.models import AuditEvent
from crew.models import Event, EventGrant, EventState, Guest, Link, Mode, Person, Role
from mail.models import Message
from tests.factories.crew import NOW, EventFactory, EventGrantFactory, GuestFactory
from tests.factories.people import PersonFactory, owner

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on_monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def saturday() -> Event:
    return EventFactory(key="sat12345", title="Saturday's sunset sail")


def run(*arguments: str, **options: object) -> str:
    out = StringIO()
    call_command("send_link", *arguments, stdout=out, **options)
    return out.getvalue()


def test_somebody_new_gets_account_role_and_mail(saturday: Event) -> None:
    said = run("sat12345", "New.Mate@Example.com", "crew", name="New Mate")

    person = Person.objects.get(email="new.mate@example.com")
    grant = EventGrant.objects.get(person=person)
    message = Message.objects.get()
    assert (person.name, grant.event, grant.role) == ("New Mate", saturday, Role.CREW)
    assert Link.objects.get().grant == grant
    assert message.to_address == "new.mate@example.com"
    assert said == (
        "A link is on its way to new.mate@example.com, crew of Saturday's sunset sail; "
        "it works until 29 November 2026 17:00 PST.\n"
    )


def test_a_role_held_already_is_not_given_twice(saturday: Event) -> None:
    grant = EventGrantFactory(event=saturday, role=Role.CAPTAIN)

    run("sat12345", grant.person.email, "captain")
    run("sat12345", grant.person.email.upper(), "captain")

    assert EventGrant.objects.get() == grant
    assert Link.objects.filter(grant=grant).count() == 2
    assert Message.objects.count() == 2


def test_a_guest_gets_a_seat_once(saturday: Event) -> None:
    run("sat12345", "guest@example.com", "guest", name="A Guest")
    run("sat12345", "guest@example.com", "guest")

    assert [(guest.name, guest.email) for guest in Guest.objects.all()] == [("A Guest", "guest@example.com")]
    assert EventGrant.objects.get().role == Role.GUEST


def test_a_dry_run_keeps_nothing(saturday: Event) -> None:
    before = AuditEvent.objects.count()

    said = run("sat12345", "guest@example.com", "guest", dry_run=True)

    assert said.startswith("Nothing was kept or sent; a link would go to guest@example.com, guest of")
    assert not Person.objects.exists()
    assert not Guest.objects.exists()
    assert not Link.objects.exists()
    assert not Message.objects.exists()
    assert AuditEvent.objects.count() == before


def test_staff_may_be_made_admin_and_nobody_else(saturday: Event) -> None:
    boss = owner(email="boss@example.com")

    assert run("sat12345", boss.email, "admin").startswith("A link is on its way to boss@example.com")
    assert EventGrant.objects.get().expires_at == NOW + dt.timedelta(minutes=10)
    with pytest.raises(CommandError, match="no link may make an admin of them") as refused:
        run("sat12345", PersonFactory().email, "admin")
    assert refused.value.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothere", "mate@example.com", "crew"], "There is no event 'nothere'"),
        (["sat\x0012345", "mate@example.com", "crew"], "There is no event"),
        (["\ud800", "mate@example.com", "crew"], "There is no event"),
        (["x" * 100_000, "mate@example.com", "crew"], "There is no event"),
        (["sat12345", "mate@example.com", "skipper"], "'skipper' is not a role; use one of captain,"),
        (["sat12345", "mate@example.com", "CREW"], "'CREW' is not a role"),
        (["sat12345", "nobody", "crew"], "is not one mail address"),
        (["sat12345", "a@example.com, b@example.com", "crew"], "is not one mail address"),
        (["sat12345", "mate@example.com\nBcc: x@example.com", "crew"], "address"),
        (["sat12345", "mate\x00@example.com", "crew"], "address"),
        (["sat12345", "mate\ud800@example.com", "crew"], "address"),
        (["sat12345", "mate@example.com", "crew", "--name", "Mate \ud800"], "name"),
        (["sat12345", "mate@example.com", "crew", "--name", "Mate\nBcc: x"], "name"),
        (["sat12345", "mate@example.com", "guest", "--name", "x" * 121], "name"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    saturday: Event, arguments: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError) as refused:
        run(*arguments)

    assert sentence in str(refused.value)
    assert refused.value.returncode == 2
    assert not Person.objects.exists()
    assert not Message.objects.exists()


def test_nobody_is_added_for_a_link_that_would_not_work(saturday: Event) -> None:
    Event.objects.update(state=EventState.COMPLETED)
    with (
        time_machine.travel(saturday.returns_at + dt.timedelta(days=3), tick=False),
        pytest.raises(CommandError, match="is over") as refused,
    ):
        run("sat12345", "mate@example.com", "crew")

    assert refused.value.returncode == 2
    assert not Person.objects.exists()


def test_the_seventh_passenger_is_refused_with_the_law(saturday: Event) -> None:
    GuestFactory.create_batch(6, event=saturday)

    with pytest.raises(CommandError, match="Passenger 7 cannot come aboard") as refused:
        run("sat12345", "seventh@example.com", "guest")

    assert saturday.mode == Mode.UPV_6
    assert refused.value.returncode == 2
    assert not Person.objects.filter(email="seventh@example.com").exists()


def test_a_closed_account_gets_no_link(saturday: Event) -> None:
    PersonFactory(email="gone@example.com", is_active=False)

    with pytest.raises(CommandError, match="closed"):
        run("sat12345", "gone@example.com", "crew")

    assert not EventGrant.objects.exists()
