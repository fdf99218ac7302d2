"""Magic links: issuing them, and taking them back. Taking one up is `crew.domain.invitations`.

A link is an invitation to take up one grant, until a time and so many times. Its secrets come and go: one for each
mail, one for each time it is shown on a screen.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery

from crew.domain import history, link_mail, link_secrets, link_trail
from crew.domain.history import Actor
from crew.models import Event, EventGrant, Link, LinkEventKind, LinkSecret, Role


@dataclass(frozen=True, slots=True)
class Terms:
    """How long and how often the links of one audience can be taken up, and why.

    ``after_return`` counts from the event's return, ``after_issue`` from the moment the link is made.
    """

    uses: int
    why: str
    after_return: dt.timedelta | None = None
    after_issue: dt.timedelta | None = None


TERMS: Mapping[str, Terms] = MappingProxyType({
    Role.GUEST: Terms(
        20, "Opened on several phones before the trip and for the photographs after it.",
        after_return=dt.timedelta(days=2),
    ),
    Role.CREW: Terms(
        10, "A phone and perhaps a tablet; the work ends with the day after.", after_return=dt.timedelta(days=1)
    ),
    Role.CAPTAIN: Terms(
        10, "The same, with two days for the log and the paperwork.", after_return=dt.timedelta(days=2)
    ),
    Role.ADMIN: Terms(
        1, "May change everything: for now, once, and by nobody who finds the mail later.",
        after_issue=dt.timedelta(minutes=10),
    ),
})  # fmt: skip


class LinkRefusedError(Exception):
    """No link can be made of this grant, or nothing can be done with this one."""


def issue(*, grant: EventGrant, by: Actor, at: dt.datetime, mail: bool = True) -> Link:
    """Make a link to a grant and, unless told otherwise, mail it to the grant's person.

    Raises:
        LinkRefusedError: the grant is over, or so is the time in which its links can be used.
    """
    if not EventGrant.objects.live(at=at).filter(pk=grant.pk).exists():
        raise LinkRefusedError("This role has ended or was taken back. Give it anew, then send a link.")
    with transaction.atomic():
        _hold_event(grant)
        expires_at = expiry(grant=grant, at=at)
        if expires_at <= at:
            raise LinkRefusedError(
                f"{grant.event.title} is over, and links to it no longer work. Nothing was sent."
            )
        link = Link.objects.create(
            grant=grant,
            issued_at=at,
            issued_by=by.person,
            expires_at=expires_at,
            uses_allowed=TERMS[grant.role].uses,
        )
        link_trail.note(link=link, kind=LinkEventKind.ISSUED, at=at, by=by.person)
        _note(link, "crew:link:issue", by=by, at=at)
        if mail:
            link_mail.send(link=link, at=at)
    return link


def expiry(*, grant: EventGrant, at: dt.datetime) -> dt.datetime:
    """Return until when a link issued now would work: its audience's time, and never longer than the grant."""
    terms = TERMS[grant.role]
    ends = at + terms.after_issue if terms.after_issue is not None else grant.event.returns_at
    if terms.after_return is not None:
        ends += terms.after_return
    return ends if grant.expires_at is None else min(ends, grant.expires_at)


def current(*, grant: EventGrant, at: dt.datetime) -> Link | None:
    """Return the newest link of a grant that can still be taken up, if there is one."""
    live = Link.objects.filter(
        grant=grant, revoked_at__isnull=True, expires_at__gt=at, uses__lt=F("uses_allowed")
    )
    return live.order_by("-issued_at", "-pk").first()


def mail_again(*, grant: EventGrant, by: Actor, at: dt.datetime, asked: str = "") -> Link:
    """Mail the link of a grant to its person once more, or a new one where none can be taken up any more.

    ``asked`` says who wanted it, where it was not ``by``.

    Raises:
        LinkRefusedError: see `issue`.
    """
    link = current(grant=grant, at=at)
    if link is None or not EventGrant.objects.live(at=at).filter(pk=grant.pk).exists():
        return issue(grant=grant, by=by, at=at)
    with transaction.atomic():
        link_trail.note(
            link=link, kind=LinkEventKind.ISSUED, at=at, by=by.person, reason=asked or "Mailed again"
        )
        _note(link, "crew:link:mail", by=by, at=at)
        link_mail.send(link=link, at=at)
    return link


def rotate(*, grant: EventGrant, by: Actor, at: dt.datetime) -> Link:
    """Make every link sent or shown so far worthless and mail a new one; sessions already open stay open.

    Raises:
        LinkRefusedError: see `issue`.
    """
    with transaction.atomic():
        _hold_event(grant)
        for link in _standing(grant):
            if Link.objects.filter(pk=link.pk, revoked_at__isnull=True).update(revoked_at=at):
                LinkSecret.objects.filter(link=link, revoked_at__isnull=True).update(revoked_at=at)
                link_trail.note(link=link, kind=LinkEventKind.ROTATED, at=at, by=by.person)
        return issue(grant=grant, by=by, at=at)


def show(*, grant: EventGrant, by: Actor, at: dt.datetime) -> tuple[Link, link_secrets.Secret]:
    """Return a link of a grant with a secret made for a screen, in clear, this once.

    Raises:
        LinkRefusedError: see `issue`.
    """
    with transaction.atomic():
        link = current(grant=grant, at=at)
        if link is None or not EventGrant.objects.live(at=at).filter(pk=grant.pk).exists():
            link = issue(grant=grant, by=by, at=at, mail=False)
        secret = link_mail.mint(link=link, shown="screen", at=at, by=by.person)
        _note(link, "crew:link:show", by=by, at=at)
    return link, secret


def follow(*, event: Event, at: dt.datetime) -> int:
    """Let links that work now end with an event that was moved, and return how many; a link never outlives its grant.

    Called in the transaction that moved the event, which is audited there. One that has run out stays so: whoever opens
    it is offered a fresh one.
    """
    moved = 0
    # In the order in which `revoke_all` and `rotate` take them, so that none waits for the other.
    held = Link.objects.filter(grant__event=event, revoked_at__isnull=True, expires_at__gt=at)
    list(held.select_for_update(of=("self",), no_key=True).order_by("pk").values("pk"))
    for role, terms in TERMS.items():
        if terms.after_return is None:
            continue
        # A link that would have run out before it was made ends now.
        ends = max(event.returns_at + terms.after_return, at)
        working = Link.objects.filter(
            grant__event=event,
            grant__role=role,
            revoked_at__isnull=True,
            expires_at__gt=at,
            issued_at__lt=ends,
        )
        lasting = Q(grant__expires_at__isnull=True) | Q(grant__expires_at__gte=ends)
        bound = EventGrant.objects.filter(pk=OuterRef("grant_id")).values("expires_at")
        # Those whose grant ends sooner first: afterwards nothing tells them from the others.
        moved += working.exclude(lasting).update(expires_at=Subquery(bound[:1]))
        moved += working.filter(lasting).exclude(expires_at=ends).update(expires_at=ends)
    return moved


def revoke(*, grant: EventGrant, by: Actor, at: dt.datetime) -> int:
    """Revoke every link of a grant and return how many; the role stays, and so do sessions already open."""
    with transaction.atomic():
        return revoke_all(grant=grant, by=by, at=at, reason="Revoked by hand")


def revoke_all(
    *, grant: EventGrant, by: Actor, at: dt.datetime, reason: str = "The role was taken back"
) -> int:
    """Revoke every link of a grant and return how many; called in the transaction of what causes it."""
    revoked = 0
    for link in _standing(grant):
        if Link.objects.filter(pk=link.pk, revoked_at__isnull=True).update(revoked_at=at):
            LinkSecret.objects.filter(link=link, revoked_at__isnull=True).update(revoked_at=at)
            link_trail.note(link=link, kind=LinkEventKind.REVOKED, at=at, by=by.person, reason=reason)
            _note(link, "crew:link:revoke", by=by, at=at)
            revoked += 1
    return revoked


def _hold_event(grant: EventGrant) -> None:
    """Read when the event returns, and keep it from being moved until the transaction ends: a new link must follow too.

    Whoever takes links as well takes them after it, as a move does.
    """
    held = Event.objects.select_for_update(no_key=True).filter(pk=grant.event_id)
    grant.event.returns_at = held.values_list("returns_at", flat=True).get()


def _standing(grant: EventGrant) -> list[Link]:
    return list(
        Link.objects.select_related("grant__person", "grant__event__entity")
        .filter(grant=grant, revoked_at__isnull=True)
        .order_by("pk")
    )


def _note(link: Link, action: str, *, by: Actor, at: dt.datetime) -> None:
    history.note(
        event=link.grant.event,
        action=action,
        subject=link.grant.person,
        by=by,
        at=at,
        data={"role": link.grant.role, "link": link.pk},
    )
