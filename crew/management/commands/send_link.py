"""`manage.py send_link`: mails somebody a link to their role on one event, from the operator's own keyboard."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from core import clock
from crew.domain import grants, guests, links, people, timing
from crew.domain.history import SYSTEM
from crew.models import Event, EventGrant, Guest, GuestState, Link, Role
from mail.domain.fields import UnsendableError


class Command(BaseCommand):
    """Add the person where there is none with that address, give the role where they lack it, mail the link."""

    help = "Mails somebody a magic link to a role on one event, giving the role where needed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the event, the address and the role."""
        parser.add_argument("event", help="the event's key, as in its address /events/KEY/")
        parser.add_argument("email")
        parser.add_argument("role", help=f"one of {', '.join(Role.values)}")
        parser.add_argument(
            "--name", default="", help="of somebody not known yet; shown in the portal and in mails"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be done and do nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do all of it or nothing; exit status 2 with one sentence where it is refused."""
        if options["role"] not in Role.values:
            raise CommandError(
                f"{options['role']!r} is not a role; use one of {', '.join(Role.values)}.", returncode=2
            )
        event = _event(options["event"])
        try:
            with transaction.atomic():
                link = _send(event, email=options["email"], name=options["name"], role=options["role"])
                if options["dry_run"]:
                    transaction.set_rollback(True)
        except (
            people.PersonRefusedError,
            guests.GuestRefusedError,
            grants.RoleRefusedError,
            links.LinkRefusedError,
            UnsendableError,
        ) as error:
            raise CommandError(str(error), returncode=2) from error
        until = timing.local(event, link.expires_at)
        told = f"{link.grant.person.email}, {link.grant.role} of {event.title}; it works until {until:%-d %B %Y %H:%M %Z}."
        self.stdout.write(
            f"Nothing was kept or sent; a link would go to {told}"
            if options["dry_run"]
            else f"A link is on its way to {told}"
        )


def _event(key: str) -> Event:
    # What cannot be printed (NUL, half a character) no key holds, and no database can be asked about it.
    rows = Event.objects.select_related("entity", "port", "vessel")
    event = rows.filter(key=key).first() if key.isprintable() else None
    if event is None:
        raise CommandError(
            f"There is no event {key[:40]!r}; its key stands in the address of its page, /events/KEY/.",
            returncode=2,
        )
    return event


def _send(event: Event, *, email: str, name: str, role: str) -> Link:
    """Add, grant and mail; a guest gets a seat first, so that the law's limit is asked."""
    at = clock.now()
    person = people.find_or_add(email=email, name=name, by=None, at=at)
    if role == Role.GUEST and not _has_seat(event, person.email):
        guests.add(
            event=event, name=person.name or name or person.email, email=person.email, by=SYSTEM, at=at
        )
    grant: EventGrant = grants.give(event=event, person=person, role=role, by=SYSTEM, at=at)
    return links.issue(grant=grant, by=SYSTEM, at=at)


def _has_seat(event: Event, email: str) -> bool:
    return Guest.objects.filter(event=event, email__iexact=email).exclude(state=GuestState.REMOVED).exists()
