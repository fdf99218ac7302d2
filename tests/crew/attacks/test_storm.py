"""Everybody at once on one event: guests, links, the dock, moves and cancelling leave no deadlock and no broken promise."""

import datetime as dt
import random
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection

from core.models import AuditEvent
from crew.domain import checklists, dock, events, grants, guests, invitations, links, positions
from crew.domain.history import Actor
from crew.domain.link_trail import NOBODY
from crew.domain.terms import terms_of
from crew.models import (
    BoardingRequest,
    ChecklistItem,
    Event,
    EventGrant,
    EventState,
    Guest,
    GuestState,
    ItemState,
    Link,
    LinkEvent,
    Position,
    Role,
)
from mail.models import Message
from tests.crew.links.conftest import Held, hold
from tests.factories.crew import (
    NOW,
    ChecklistItemFactory,
    EventFactory,
    OperatingLimitFactory,
    PositionFactory,
    role_on,
)

pytestmark = [pytest.mark.django_db(transaction=True)]

SEED = 20261128
THREADS, DEEDS = 6, 18
REFUSED = (
    guests.GuestRefusedError,
    links.LinkRefusedError,
    grants.GrantRevokedAlreadyError,
    grants.RoleRefusedError,
    dock.BoardingRefusedError,
    events.EventRefusedError,
    positions.PositionRefusedError,
    checklists.ChecklistError,
)


def at_once(deeds: list[Callable[[], object]]) -> tuple[list[object], list[str], int]:
    """Do all of it at the same moment; return what came back, what broke, and how many were refused."""
    came: list[object] = []
    odd: list[str] = []
    refused: list[str] = []
    ready = threading.Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> None:
        try:
            ready.wait()
            came.append(deed())
        except REFUSED as error:
            refused.append(str(error))
        except Exception as error:  # noqa: BLE001 - what is raised is what the test looks at
            odd.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came, odd, len(refused)


def ask(event: Event, number: int) -> BoardingRequest:
    return dock.ask(
        event=event,
        name=f"Walk-up {number}",
        email=f"walk{number}@example.com",
        ticket=f"ticket {number}",
        at=NOW,
        address_key="192.0.2.7",
    )


def one_deed(
    chance: random.Random, event: Event, by: Actor, held: list[Held], asked: list[BoardingRequest]
) -> None:
    one, fresh = chance.choice(held), Event.objects.get(pk=event.pk)
    grant = EventGrant.objects.select_related("person", "event__entity").get(pk=one.grant.pk)
    match chance.randrange(10):
        case 0 | 1:
            name = f"g{chance.randrange(9)}"
            invitations.add_guest(
                event=fresh, name=name, email=f"{name}@example.com", mail=True, by=by, at=NOW
            )
        case 2:
            found = list(Guest.objects.filter(event=event).select_related("event"))
            if found:
                guests.remove(guest=chance.choice(found), by=by, at=NOW)
        case 3:
            links.rotate(grant=grant, by=by, at=NOW)
        case 4:
            links.revoke(grant=grant, by=by, at=NOW)
        case 5:
            found_link = invitations.by_ids(link_id=one.link.pk, secret_id=one.link.secrets.get().pk, at=NOW)
            assert found_link is not None
            invitations.take_up(invitation=found_link, at=NOW, visitor=NOBODY)
        case 6:
            request = BoardingRequest.objects.select_related("event__entity").get(pk=chance.choice(asked).pk)
            dock.accept(request=request, by=by, at=NOW)
        case 7 | 8:
            shift = dt.timedelta(days=chance.randrange(1, 5))
            terms = terms_of(fresh)
            events.change(
                event=fresh,
                terms=replace(terms, on=event.departs_on + shift, capacity=chance.randrange(4, 7)),
                by=by,
                at=NOW,
            )
        case _:
            again = grants.give(event=fresh, person=one.grant.person, role=one.grant.role, by=by, at=NOW)
            links.mail_again(grant=again, by=by, at=NOW)


def test_a_storm_of_guests_links_and_moves_keeps_every_promise() -> None:
    OperatingLimitFactory()
    event = EventFactory()
    by = Actor(role_on(event, Role.CAPTAIN))
    held = [hold(Role.GUEST, event=event) for _ in range(3)] + [
        hold(Role.CREW, event=event) for _ in range(2)
    ]
    for one in held[:2]:
        links.issue(grant=one.grant, by=by, at=NOW, mail=False)
    asked = [ask(event, number) for number in range(6)]
    odd: list[str] = []

    def run(number: int) -> None:
        chance = random.Random(SEED + number)  # noqa: S311 - a storm that can be repeated
        try:
            for _ in range(DEEDS):
                try:
                    one_deed(chance, event, by, held, asked)
                except REFUSED:
                    continue
        except Exception as error:  # noqa: BLE001 - what is raised is what the test looks at
            odd.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert odd == []
    now = Event.objects.get(pk=event.pk)
    aboard = Guest.objects.filter(event=event).exclude(state=GuestState.REMOVED)
    assert aboard.count() <= now.capacity <= 6
    # Nobody without a seat has a guest's role that came with one.
    seats = set(aboard.values_list("email", flat=True))
    walked = EventGrant.objects.live(at=NOW).filter(role=Role.GUEST, person__email__startswith="walk")
    assert {grant.person.email for grant in walked.select_related("person")} <= seats
    for link in Link.objects.select_related("grant").filter(revoked_at=None):
        assert link.grant.revoked_at is None
        after = links.TERMS[link.grant.role].after_return
        assert after is not None
        assert link.expires_at == now.returns_at + after
    assert Link.objects.filter(uses__gt=0).count() <= LinkEvent.objects.filter(kind="used").count()
    assert AuditEvent.objects.filter(action="crew:boarding:accept").count() == (
        BoardingRequest.objects.filter(accepted=True).count()
    )


def test_one_request_accepted_by_six_hands_is_one_seat_and_one_grant() -> None:
    event = EventFactory()
    captains = [Actor(role_on(event, Role.CAPTAIN)) for _ in range(6)]
    asked = ask(event, 1)

    came, odd, refused = at_once([lambda by=by: dock.accept(request=asked, by=by, at=NOW) for by in captains])

    assert (len(came), odd, refused) == (1, [], 5)
    assert (Guest.objects.count(), EventGrant.objects.filter(role=Role.GUEST).count()) == (1, 1)


def test_six_walk_ups_for_one_seat_are_one_guest_and_five_sentences() -> None:
    event = EventFactory(capacity=1)
    by = Actor(role_on(event, Role.CAPTAIN))
    asked = [ask(event, number) for number in range(6)]

    came, odd, refused = at_once([lambda one=one: dock.accept(request=one, by=by, at=NOW) for one in asked])

    assert (len(came), odd, refused) == (1, [], 5)
    assert Guest.objects.count() == 1
    assert BoardingRequest.objects.filter(decided_at=None).count() == 5


def test_of_two_captains_who_complete_one_item_one_does() -> None:
    event = EventFactory()
    item = ChecklistItemFactory(event=event)
    hands = [Actor(role_on(event, Role.CAPTAIN)) for _ in range(6)]

    def complete(by: Actor) -> None:
        checklists.complete_item(
            item=ChecklistItem.objects.select_related("event__port").get(pk=item.pk), by=by, at=NOW
        )

    came, odd, refused = at_once([lambda by=by: complete(by) for by in hands])

    assert (len(came), odd, refused) == (1, [], 5)
    assert ChecklistItem.objects.get().state == ItemState.COMPLETED
    assert AuditEvent.objects.filter(action="crew:item:complete").count() == 1


def test_claiming_what_is_being_cancelled_is_one_or_the_other_and_everybody_aboard_is_told_once() -> None:
    event = EventFactory()
    position = PositionFactory(event=event)
    mates = [role_on(event, Role.CREW) for _ in range(4)]

    def cancel() -> None:
        events.cancel(event=Event.objects.get(pk=event.pk), reason="Storm", by=Actor(None), at=NOW)

    _, odd, refused = at_once(
        [lambda mate=mate: positions.claim(position=position, by=Actor(mate), at=NOW) for mate in mates]
        + [cancel, cancel]
    )

    assert odd == []
    assert refused >= 4
    assert Event.objects.get().state == EventState.CANCELLED
    claims = AuditEvent.objects.filter(action="crew:position:claim").count()
    assert claims == Position.objects.filter(holder__isnull=False).count() <= 1
    assert Message.objects.filter(subject__startswith="Cancelled").count() == 4
