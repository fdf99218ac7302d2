"""Taking links up: what a token or a typed code leads to, how it stands, and spending one of its uses.

Nothing here is spent by looking. `take_up` is one conditional UPDATE, so that of many who press at once on a link's
last use exactly one gets in.
"""

import datetime as dt
from dataclasses import dataclass
from enum import Enum

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from core.limits import Limit, give_back, take
from crew.domain import grants, guests, link_secrets, link_trail, links, people
from crew.domain.history import Actor
from crew.domain.link_trail import Visitor
from crew.models import (
    Event,
    EventGrant,
    Guest,
    GuestState,
    Link,
    LinkEventKind,
    LinkSecret,
    Person,
    Role,
)
from mail.domain import fields

# The limits on guessing, all of them. A guess is counted before it is looked at and uncounted where it was right, so
# that guesses at once cannot slip past. 28^8 codes against a hundred wrong guesses an hour: a century finds none.
GUESSES_FROM_ADDRESS = Limit("link_code_address", most=10, seconds=3600)
GUESSES_FROM_ANYWHERE = Limit("link_code_all", most=100, seconds=3600)
# Beyond either, the invited mail address is asked for too, and only its own links are looked at.
GUESSES_FOR_EMAIL = Limit("link_code_email", most=20, seconds=3600)
# Fresh mails that whoever opened an old link may ask for.
FRESH_FOR_GRANT = Limit("link_fresh_grant", most=3, seconds=3600)
FRESH_FROM_ADDRESS = Limit("link_fresh_address", most=20, seconds=3600)
# Looks at one link that are written down; scanners of a big company look often.
VIEWS_NOTED = Limit("link_views", most=60, seconds=3600)
# Wrong codes that are written down: with an address given nobody is locked out, and the trail only grows.
WRONG_NOTED = Limit("link_wrong", most=200, seconds=3600)

UNKNOWN_CODE = "Unknown code"


class Standing(Enum):
    """How a link stands with somebody who holds one of its secrets."""

    OPEN = "open"
    SPENT = "spent"
    EXPIRED = "expired"
    REPLACED = "replaced"
    REVOKED = "revoked"


class UnknownCodeError(Exception):
    """No link has this code; the message is a sentence."""


class NeedsEmailError(Exception):
    """Too many wrong codes came; this one is looked at once the invited address is given with it."""


class TooManyTriesError(Exception):
    """Not now; the message says what to do instead."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link, the secret it was opened with, and how it stands; ``mailed`` where that secret went to the person's mailbox."""

    link: Link
    secret_id: int
    standing: Standing
    grant_live: bool
    mailed: bool


def by_token(*, text: str, at: dt.datetime, visitor: Visitor) -> Invitation | None:
    """Return what the token in a part of an address leads to, and write the look down; None where it is unknown."""
    token = link_secrets.token_in(text)
    if not token:
        return None
    secret = _secrets().filter(token_hash=link_secrets.token_hash(token)).first()
    return None if secret is None else _opened(secret, at=at, visitor=visitor)


def by_ids(*, link_id: int, secret_id: int, at: dt.datetime) -> Invitation | None:
    """Return the invitation that a browser opened before."""
    secret = _secrets().filter(pk=secret_id, link_id=link_id).first()
    return None if secret is None else _standing(secret, at=at)


def by_code(*, code: str, email: str, at: dt.datetime, visitor: Visitor, address_key: str) -> Invitation:
    """Return what a typed code leads to. ``address_key`` is what guesses from one place are counted by.

    Raises:
        crew.domain.link_secrets.NotACodeError: what was typed cannot be a code.
        NeedsEmailError: too many wrong codes came from there, or altogether, and no address was given.
        TooManyTriesError: too many wrong codes came for that address.
        UnknownCodeError: no link, or none of that address, has this code.
    """
    code = link_secrets.code_in(code)
    taken: list[tuple[Limit, str]] = []
    open_to_all = _take(GUESSES_FROM_ADDRESS, address_key, taken, at) and _take(
        GUESSES_FROM_ANYWHERE, "", taken, at
    )
    secrets = _secrets().filter(code_hash__in=link_secrets.code_hashes(code))
    if not open_to_all:
        _give_back(taken, at)
        invited = _invited(email)
        if not invited:
            raise NeedsEmailError(
                "Too many wrong codes came in this hour. Give the mail address your invitation went to as well, and "
                "yours is looked at. The link in that mail works as before."
            )
        taken = []
        if not _take(GUESSES_FOR_EMAIL, invited, taken, at):
            raise TooManyTriesError(
                "Too many wrong codes came for that address in this hour. Open the link in your mail instead, or ask "
                "whoever invited you to show you a code on their screen; codes work again within the hour."
            )
        secrets = secrets.filter(link__grant__person__email__iexact=invited)
    secret = secrets.first()
    if secret is None:
        if take(WRONG_NOTED, "", at=at):
            link_trail.note(
                link=None, kind=LinkEventKind.REFUSED, at=at, visitor=visitor, reason=UNKNOWN_CODE
            )
        raise UnknownCodeError(
            "No invitation has this code. Look at the mail or the screen again: a code holds no vowels, no L, no 0 and no 1."
        )
    _give_back(taken, at)
    return _opened(secret, at=at, visitor=visitor)


def take_up(*, invitation: Invitation, at: dt.datetime, visitor: Visitor) -> bool:
    """Spend one use of a link and write it down; return whether there was one left to spend.

    Everything that must still hold is asked in the very statement that spends: uses, time, link, secret, grant,
    account, and for an admin the duty besides.
    """
    link = invitation.link
    grant = link.grant
    reason = ""
    with transaction.atomic():
        person = Person.objects.filter(pk=grant.person_id, is_active=True).first()
        if person is not None and grant.role == Role.ADMIN and not grants.may_be_admin(grant.event, person):
            person, reason = None, "No longer staff"
        spent = person is not None and Link.objects.filter(
            Exists(EventGrant.objects.live(at=at).filter(pk=OuterRef("grant_id"))),
            Exists(
                LinkSecret.objects.filter(
                    pk=invitation.secret_id, link=OuterRef("pk"), revoked_at__isnull=True
                )
            ),
            pk=link.pk,
            uses__lt=F("uses_allowed"),
            expires_at__gt=at,
            revoked_at__isnull=True,
        ).update(uses=F("uses") + 1)
        if spent and person is not None:
            link_trail.note(link=link, kind=LinkEventKind.USED, at=at, by=person, visitor=visitor)
            people.note_sign_in(person=person, at=at, way="link")
            return True
    refuse(link=link, at=at, visitor=visitor, reason=reason or "Nothing left to use")
    return False


def refuse(*, link: Link, at: dt.datetime, visitor: Visitor, reason: str) -> None:
    """Write down that somebody pressed the button of a link and did not get in."""
    if take(VIEWS_NOTED, f"refused {link.pk}", at=at):
        link_trail.note(link=link, kind=LinkEventKind.REFUSED, at=at, visitor=visitor, reason=reason)


def mail_fresh(*, invitation: Invitation, at: dt.datetime, address_key: str) -> None:
    """Mail a link that works to the person whose link was opened, and to nobody else.

    Raises:
        crew.domain.links.LinkRefusedError: the role has ended or the event is over.
        TooManyTriesError: it was asked for too often.
    """
    grant = invitation.link.grant
    within = take(FRESH_FROM_ADDRESS, address_key, at=at) and take(FRESH_FOR_GRANT, str(grant.pk), at=at)
    if not within:
        raise TooManyTriesError(
            "Fresh links were asked for several times in this hour. Look into that mailbox, its junk folder too, or "
            "ask whoever invited you."
        )
    links.mail_again(grant=grant, by=Actor(None), at=at, asked="Asked for by whoever opened the link")


def invite(*, event: Event, email: str, name: str, role: str, by: Actor, at: dt.datetime) -> Link:
    """Give somebody a role and mail them its link; a guest gets a seat first, so that the law's limit is asked.

    Raises:
        crew.domain.people.PersonRefusedError: no mail can bear the address or name, or the account is closed.
        crew.domain.guests.GuestRefusedError: there is no seat, or the event is over.
        crew.domain.grants.RoleRefusedError: this role is not for this person.
        crew.domain.links.LinkRefusedError: the event is over.
    """
    with transaction.atomic():
        person = people.find_or_add(email=email, name=name, by=by.person, at=at)
        seated = Guest.objects.filter(event=event, email__iexact=person.email).exclude(
            state=GuestState.REMOVED
        )
        if role == Role.GUEST and not seated.exists():
            guests.add(event=event, name=name or str(person), email=person.email, by=by, at=at)
        grant = grants.give(event=event, person=person, role=role, by=by, at=at)
        if role == Role.ADMIN:
            # The ten minutes begin anew, so a link from before would end too soon.
            return links.rotate(grant=grant, by=by, at=at)
        return links.mail_again(grant=grant, by=by, at=at)


def add_guest(*, event: Event, name: str, email: str, mail: bool, by: Actor, at: dt.datetime) -> Guest:
    """Give somebody a seat and, where they have an address and it is wanted, mail them their link.

    Raises:
        crew.domain.guests.GuestRefusedError: there is no seat, the name or address is no good, or the event is over.
        crew.domain.people.PersonRefusedError, crew.domain.links.LinkRefusedError: see `mail_guest`.
    """
    with transaction.atomic():
        guest = guests.add(event=event, name=name, email=email, by=by, at=at)
        if mail and guest.email:
            mail_guest(guest=guest, by=by, at=at)
    return guest


def mail_guest(*, guest: Guest, by: Actor, at: dt.datetime) -> Link:
    """Give a guest who has a seat and an address the role of one, and mail them its link.

    Raises:
        crew.domain.guests.GuestRefusedError: they have no address, or were removed.
        crew.domain.people.PersonRefusedError: the account at that address is closed.
        crew.domain.links.LinkRefusedError: the event is over.
    """
    event = guest.event
    with transaction.atomic():
        # Whoever frees the seat meanwhile waits for the link, and takes it back.
        guests.seated(guest=guest)
        if not guest.email:
            raise guests.GuestRefusedError(f"{guest.name} has no mail address, so no link can be mailed.")
        person = people.find_or_add(email=guest.email, name=guest.name, by=by.person, at=at)
        grant = grants.give(event=event, person=person, role=Role.GUEST, by=by, at=at)
        return links.mail_again(grant=grant, by=by, at=at)


def _secrets():  # type: ignore[no-untyped-def]
    return LinkSecret.objects.select_related(
        "link__grant__person", "link__grant__event__entity", "link__grant__event__port"
    )


def _opened(secret: LinkSecret, *, at: dt.datetime, visitor: Visitor) -> Invitation:
    if take(VIEWS_NOTED, str(secret.link_id), at=at):
        link_trail.note(link=secret.link, kind=LinkEventKind.VIEWED, at=at, visitor=visitor)
    return _standing(secret, at=at)


def _standing(secret: LinkSecret, *, at: dt.datetime) -> Invitation:
    link = secret.link
    grant = link.grant
    live = grant.revoked_at is None and (grant.expires_at is None or grant.expires_at > at)
    live = live and grant.person.is_active
    if grant.revoked_at is not None or not grant.person.is_active:
        standing = Standing.REVOKED
    elif secret.revoked_at is not None or link.revoked_at is not None:
        standing = Standing.REPLACED if links.current(grant=grant, at=at) else Standing.REVOKED
    elif link.expires_at <= at or not live:
        standing = Standing.EXPIRED
    elif link.uses >= link.uses_allowed:
        standing = Standing.SPENT
    else:
        standing = Standing.OPEN
    return Invitation(link, secret.pk, standing, live, secret.shown == "mail")


def _invited(email: str) -> str:
    """Return an address fit to be asked about, or an empty string."""
    try:
        return fields.address(email, what="address").lower() if email.strip() else ""
    except fields.UnsendableError:
        return ""


def _take(limit: Limit, key: str, taken: list[tuple[Limit, str]], at: dt.datetime) -> bool:
    taken.append((limit, key))
    return take(limit, key, at=at)


def _give_back(taken: list[tuple[Limit, str]], at: dt.datetime) -> None:
    for limit, key in taken:
        give_back(limit, key, at=at)
