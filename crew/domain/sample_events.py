"""The sample's coming events, around the day of loading, made and worked through the same doors as real ones.

What was done before the day of loading bears the instant at which it would have been done.
"""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from crew.domain import checklists, event_bookings, events, grants, guests, links, positions, terms
from crew.domain.history import SYSTEM, Actor
from crew.models import (
    Anchor,
    ChecklistItem,
    Credential,
    CredentialKind,
    DayOff,
    Event,
    EventState,
    EventTemplate,
    Evidence,
    Guest,
    Person,
    Phase,
    Port,
    Position,
    Role,
    Station,
    Vessel,
)
from portfolio.domain import served
from portfolio.models import Booking

SATURDAY, FIRST_LEAD = 5, 2
# The booking of yesterday's charter: its deposit is paid and held.
HELD_FOR = "QOS-0115"
ASHORE = (*events.ASHORE_PHASES, Phase.UNDERWAY)
_CLEARED = "Paper waiver seen"
# What has been found so far on tomorrow's list; the battery is what the captain sees first.
_FOUND: tuple[tuple[str, str, str], ...] = (
    ("mate", "Deck, lifelines, stanchions and gates walked round", ""),
    ("mate", "Bilge dry and no smell of fuel", ""),
    ("mate", "Bilge pump cycles since the last sail", "2"),
    ("mate", "Engine oil", "82"),
    ("mate", "Coolant topped up, belts sound", ""),
    ("deckhand", "Fresh water", "74"),
    ("deckhand", "Holding tank", "31"),
    ("deckhand", "Cooking gas off at the bottle, locker drains free", ""),
    ("deckhand", "Fire extinguishers charged and in date", ""),
    ("deckhand", "Flares and horn in date and in place", ""),
    ("deckhand", "First aid kit sealed and complete", ""),
    ("mate", "Start battery", "12.7"),
    ("mate", "House battery", "11.9"),
)


def load(*, today: dt.date, at: dt.datetime) -> int:
    """Add the coming events and return how many."""
    return _Season(today, at).load()


def coming_saturday(today: dt.date) -> dt.date:
    """Return the first Saturday that is neither today nor tomorrow: tomorrow has a sail of its own."""
    return today + dt.timedelta(days=(SATURDAY - today.weekday() - FIRST_LEAD) % 7 + FIRST_LEAD)


class _Season:
    """The events of the coming weeks; what they share is read once."""

    def __init__(self, today: dt.date, at: dt.datetime) -> None:
        """Read people, ports and vessels."""
        self.today, self.at = today, at
        self.people = {
            person.email.split("@")[0]: person
            for person in Person.objects.filter(sample=True, is_active=True)
        }
        self.office = Actor(self.people["owner"])
        self.ports = {port.slug: port for port in Port.objects.all()}
        self.vessels = {vessel.name: vessel for vessel in Vessel.objects.all()}
        self.made = 0

    def load(self) -> int:
        """Make each event, in the order in which they were thought of."""
        saturday = coming_saturday(self.today)
        DayOff.objects.get_or_create(
            person=self.people["deckhand2"],
            first_on=saturday + dt.timedelta(days=2),
            last_on=saturday + dt.timedelta(days=4),
            defaults={"note": "Moving house"},
        )
        self._yesterday()
        self._tomorrow()
        self._saturday(saturday)
        self._bareboat(saturday + dt.timedelta(days=1))
        self._delivery(saturday + dt.timedelta(days=3))
        self._maintenance(saturday + dt.timedelta(days=4))
        self._cruises(saturday + dt.timedelta(days=6), saturday + dt.timedelta(days=20))
        self._not_sailing(saturday + dt.timedelta(days=7), saturday + dt.timedelta(days=14))
        return self.made

    # The events

    def _tomorrow(self) -> None:
        """A sunset sail that is confirmed, its list half worked, one number out of limits, one guest still held."""
        event = self._event(
            "Sunset sail",
            self.today + dt.timedelta(days=1),
            days=13,
            client_name="Clara Ostrander",
            price_minor=210_000,
        )
        self._crew(event, days=11, captain="captain", mate="mate", deckhand="deckhand")
        second = self._open(event, Station.DECKHAND)
        positions.designate(position=second, person=self.people["deckhand2"], by=self.office, at=self._ago(3))
        events.advance(event=event, to=EventState.CONFIRMED, by=self.office, at=self._ago(4))
        party = [self._guest(event, "Clara Ostrander", "guest@example.com", days=9)]
        party += [
            self._guest(event, name, "", days=8)
            for name in ("Felix Ostrander", "Noor Albright", "Pia Sandoval")
        ]
        captain = self._hand(event, "captain")
        for guest in party[:3]:
            guests.clear(guest=guest, how=_CLEARED, by=captain, at=self._ago(1))
        event.refresh_from_db()
        items = {item.text: item for item in ChecklistItem.objects.filter(event=event)}
        for item in items.values():
            item.event = event
        for number, (who, text, found) in enumerate(_FOUND):
            moment = self.at - dt.timedelta(minutes=90 - 4 * number)
            by = self._hand(event, who)
            checklists.claim_item(item=items[text], by=by, at=moment)
            proof = checklists.Proof(number=Decimal(found)) if found else checklists.Proof()
            checklists.complete_item(
                item=items[text], by=by, at=moment + dt.timedelta(minutes=2), proof=proof
            )
        checklists.claim_item(
            item=items["Life jackets counted, adult and child sizes"],
            by=self._hand(event, "deckhand"),
            at=self._ago(0, minutes=12),
        )
        self._invite(event, "captain")
        self._invite(event, "guest")

    def _yesterday(self) -> None:
        """A day charter that is back and still under way in the portal: completed, it earns its booking's deposit."""
        event = self._event(
            "Day charter",
            self.today - dt.timedelta(days=1),
            days=12,
            title="Coastal day sail to Point Loma",
            client_name="Elena Renner",
            price_minor=250_000,
        )
        self._crew(event, days=9, captain="captain", mate="mate", deckhand="deckhand")
        booking = Booking.objects.filter(entity=event.entity_id, reference=HELD_FOR).first()
        if booking is not None:
            event_bookings.tie(event=event, booking=booking, by=self.office, at=self._ago(11))
            if booking.service_on is not None and event.departs_on < booking.service_on:
                # No service is earned before its day.
                served.event_moved(
                    event_key=event.key, on=event.departs_on, by=self.office.person, at=self._ago(11)
                )
        events.advance(event=event, to=EventState.CONFIRMED, by=self.office, at=self._ago(5))
        captain = self._hand(event, "captain")
        for name in ("Elena Renner", "Marco Renner", "Ines Duarte", "Paul Duarte"):
            guest = self._guest(event, name, "", days=7)
            guests.clear(guest=guest, how=_CLEARED, by=captain, at=self._ago(2))
        event.refresh_from_db()
        for number, item in enumerate(event.items.filter(phase__in=ASHORE).exclude(evidence=Evidence.PHOTO)):
            item.event = event
            checklists.complete_item(
                item=item, by=self._hand(event, "captain" if item.role == Role.CAPTAIN else "deckhand"),
                at=event.departs_at - dt.timedelta(minutes=100 - 2 * number), proof=_plain(item),
            )  # fmt: skip
        events.advance(event=event, to=EventState.UNDERWAY, by=captain, at=event.departs_at)

    def _saturday(self, on: dt.date) -> None:
        """Two trips on one day with too little time between them; the evening's positions are partly open."""
        midday = self._event(
            "Day charter",
            on,
            days=10,
            title="Midday charter",
            departure=(Anchor.SUNSET, -475),
            return_=(Anchor.SUNSET, -235),
            client_name="Orla Whitcombe",
            price_minor=190_000,
        )
        self._crew(midday, days=8, captain="mate")
        self._offer(midday, "deckhand", "deckhand2", days=8)
        positions.claim(
            position=self._open(midday, Station.DECKHAND), by=self._hand(midday, "deckhand2"), at=self._ago(6)
        )
        for name in ("Orla Whitcombe", "Kit Whitcombe", "June Pereira", "Anders Pereira"):
            self._guest(midday, name, "", days=7)

        sunset = self._event(
            "Sunset sail",
            on,
            days=9,
            title="Saturday's sunset sail",
            client_name="Samir Haddadin",
            price_minor=220_000,
        )
        self._crew(sunset, days=8, captain="captain")
        self._offer(sunset, "mate", "deckhand", "deckhand2", days=8)
        positions.claim(
            position=self._open(sunset, Station.DECKHAND), by=self._hand(sunset, "deckhand"), at=self._ago(5)
        )
        self._guest(sunset, "Samir Haddadin", "guest2@example.com", days=6)
        self._guest(sunset, "Layla Haddadin", "", days=6)
        self._invite(sunset, "captain")

    def _bareboat(self, on: dt.date) -> None:
        """A boat without crew: no positions, the charterer's own captain has a role and a link."""
        event = self._event(
            "Bareboat day",
            on,
            days=15,
            title="Bareboat: Achterhuis family",
            client_name="Bram Achterhuis",
            price_minor=165_000,
        )
        grants.give(
            event=event, person=self.people["charterer"], role=Role.CAPTAIN, by=self.office, at=self._ago(14)
        )
        for name in (
            "Bram Achterhuis",
            "Saskia Achterhuis",
            "Joris Achterhuis",
            "Mieke Achterhuis",
            "Tess Verhoeven",
        ):
            self._guest(event, name, "", days=12)
        events.advance(event=event, to=EventState.CONFIRMED, by=self.office, at=self._ago(2))
        self._invite(event, "charterer")

    def _delivery(self, on: dt.date) -> None:
        event = self._event(
            "Coastal delivery",
            on,
            days=12,
            title="EYD-035: 36 ft sloop, Marina del Rey to San Diego",
            vessel=self.vessels["36 ft sloop (EYD-035)"],
            port=self.ports["marina-del-rey"],
            end_port=self.ports["san-diego"],
            stops=("Avalon, Catalina Island",),
            price_minor=215_000,
        )
        self._crew(event, days=9, captain="mate")
        self._offer(event, "deckhand", days=9)

    def _maintenance(self, on: dt.date) -> None:
        event = self._event("Maintenance day", on, days=20, title="Haul-out survey and anodes")
        self._crew(event, days=16, engineer="deckhand", deckhand="host")
        events.advance(event=event, to=EventState.CONFIRMED, by=self.office, at=self._ago(6))

    def _cruises(self, first: dt.date, second: dt.date) -> None:
        """Two concerts under a certificate; before the second one a first aid paper runs out, so it is held."""
        vessel = self.vessels["M/V Lamplighter"]
        for on, title in ((first, "Harbor jazz cruise"), (second, "Winter harbor jazz")):
            event = self._event(
                "Harbor jazz cruise", on, days=25, title=title, vessel=vessel, price_minor=292_500
            )
            self._crew(event, days=20, captain="captain")
            self._offer(event, "host", "deckhand2", days=20)
            papers = Credential.objects.filter(person=self.people["host"], kind=CredentialKind.FIRST_AID)
            known = papers.get().expires_on
            # Claimed on the date first typed in; the office then corrected it from the paper itself.
            papers.update(expires_on=second + dt.timedelta(days=365))
            positions.claim(
                position=self._open(event, Station.HOST), by=self._hand(event, "host"), at=self._ago(15)
            )
            papers.update(expires_on=known)
            positions.recheck(event=event, by=SYSTEM, at=self._ago(10))
            for name in ("Hollis Brandt", "Mina Brandt", "Teodor Ruiz", "Alma Ruiz"):
                self._guest(event, name, "", days=14)

    def _not_sailing(self, cancelled_on: dt.date, draft_on: dt.date) -> None:
        cancelled = self._event(
            "Sunset sail",
            cancelled_on,
            days=11,
            title="Anniversary sail",
            client_name="Wren Castellan",
            price_minor=210_000,
        )
        events.cancel(
            event=cancelled, reason="The client moved the party ashore.", by=self.office, at=self._ago(5)
        )
        self._event(
            "Sunset sail", draft_on, days=1, title="Birthday sail", opened=False, client_name="Ottilie Marsh"
        )

    # What they are made of

    def _event(self, name: str, on: dt.date, *, days: int, opened: bool = True, **changes: Any) -> Event:
        """Make an event from a template, ``days`` before the day of loading, and open it unless told otherwise."""
        template = EventTemplate.objects.select_related("entity").get(
            name=name, entity__slug__in=("qos", "jada", "eyd")
        )
        base = terms.from_template(
            template=template, on=on, vessel=self.vessels["S/V Queen"], port=self.ports["san-diego"]
        )
        event = events.create(
            template=template,
            terms=replace(base, gate_code="4711#", **changes),
            by=self.office,
            at=self._ago(days),
        )
        Event.objects.filter(pk=event.pk).update(sample=True)
        self.made += 1
        if not opened:
            return event
        return events.advance(
            event=event, to=EventState.OPEN, by=self.office, at=self._ago(days, minutes=-20)
        )

    def _crew(self, event: Event, *, days: int, **at: str) -> None:
        """Put people into positions and confirm them."""
        for station, who in at.items():
            position = self._open(event, Station(station))
            positions.designate(
                position=position, person=self.people[who], by=self.office, at=self._ago(days)
            )
            positions.confirm(position=position, by=self.office, at=self._ago(days - 1))

    def _offer(self, event: Event, *names: str, days: int) -> None:
        """Let people see an event as crew, so that they may claim what is open."""
        for name in names:
            grants.give(
                event=event, person=self.people[name], role=Role.CREW, by=self.office, at=self._ago(days)
            )

    def _open(self, event: Event, station: Station) -> Position:
        return Position.objects.filter(event=event, station=station, holder=None).order_by("sort", "id")[0]

    def _guest(self, event: Event, name: str, email: str, *, days: int) -> Guest:
        """Give somebody a seat, and the role of a guest where they have an address."""
        guest = guests.add(event=event, name=name, email=email, by=self.office, at=self._ago(days))
        if email:
            person = self.people[email.split("@", maxsplit=1)[0]]
            Guest.objects.filter(pk=guest.pk).update(person=person)
            grants.give(event=event, person=person, role=Role.GUEST, by=self.office, at=self._ago(days))
        guest.event = event
        return guest

    def _invite(self, event: Event, name: str) -> None:
        """Mail somebody the link to their role."""
        grant = next(
            grant for grant in grants.holders(event=event, at=self.at) if grant.person == self.people[name]
        )
        links.issue(grant=grant, by=self.office, at=self.at)

    def _hand(self, event: Event, name: str) -> Actor:
        """Return somebody as they would act on an event: by the role they have there."""
        person = self.people[name]
        grant = event.grants.filter(person=person, revoked_at=None).first()
        return Actor(person, grant.pk if grant else None)

    def _ago(self, days: int, *, minutes: int = 0) -> dt.datetime:
        return self.at - dt.timedelta(days=days, minutes=minutes)


def _plain(item: ChecklistItem) -> checklists.Proof:
    """Return what was found where nothing was unusual: the middle of the limits, or a word."""
    if item.evidence == Evidence.NUMBER:
        low, high = item.low or Decimal(0), item.high or Decimal(100)
        return checklists.Proof(
            number=Decimal(4) if item.unit == "guests" else Decimal(round((low + high) / 2))
        )
    return checklists.Proof(text="Done, nothing to remark." if item.evidence == Evidence.TEXT else "")
