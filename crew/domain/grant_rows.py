"""Who has which role on an event and how its links fare, as rows for a page; and the roles one person may switch between."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Max

from crew.domain import grants, link_words
from crew.models import OVER, Event, EventGrant, EventState, Link, LinkEvent, LinkEventKind, Person, Role


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link in words; times on the port's clock."""

    pk: int
    words: str
    tone: str
    open: bool
    issued_at: str
    expires_at: str
    uses: int
    uses_allowed: int
    viewed: int
    used_at: str


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One person's role on an event, its newest link, and how many links went before."""

    pk: int
    person_id: int
    name: str
    email: str
    role: str
    role_label: str
    since: str
    until: str
    by_position: bool
    link: LinkRow | None
    earlier: int


@dataclass(frozen=True, slots=True)
class TrailRow:
    """One line of the trail of links."""

    at: str
    title: str
    text: str
    by: str


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One of somebody's own roles, for switching."""

    pk: int
    key: str
    title: str
    role: str
    role_label: str
    departs: str


def rows(*, event: Event, at: dt.datetime) -> list[GrantRow]:
    """Return who has which role, the widest first; three queries, however many there are."""
    held = grants.holders(event=event, at=at)
    links: dict[int, list[Link]] = {}
    for link in Link.objects.filter(grant__event=event, grant__revoked_at__isnull=True):
        links.setdefault(link.grant_id, []).append(link)
    seen = _seen(event)
    return [
        GrantRow(
            pk=grant.pk,
            person_id=grant.person_id,
            name=str(grant.person),
            email=grant.person.email,
            role=grant.role,
            role_label=grant.get_role_display(),
            since=link_words.stamp(event, grant.granted_at),
            until="" if grant.expires_at is None else link_words.stamp(event, grant.expires_at),
            by_position=grant.position_id is not None,
            link=_link_row(event, links[grant.pk][0], seen, at) if grant.pk in links else None,
            earlier=max(len(links.get(grant.pk, [])) - 1, 0),
        )
        for grant in held
    ]


def trail(*, event: Event, limit: int) -> list[TrailRow]:
    """Return the newest lines of the trail of an event's links; one query."""
    found = (
        LinkEvent.objects.filter(link__grant__event=event)
        .select_related("link__grant__person", "by")
        .order_by("-at", "-pk")[:limit]
    )
    return [
        TrailRow(
            at=link_words.stamp(event, line.at),
            title=f"{line.get_kind_display()}: {line.link.grant.person}, "
            f"{line.link.grant.get_role_display().lower()}",
            text=". ".join(
                part for part in (line.reason, line.address, link_words.program(line.agent)) if part
            ),
            by=str(line.by) if line.by else "",
        )
        for line in found
        if line.link is not None
    ]


def own(*, person: Person, only: Collection[int] | None, at: dt.datetime) -> list[RoleRow]:
    """Return the live roles of a person; ``only`` narrows them to some. One query.

    What is ahead or under way comes first, the nearest departure on top; what is over, last, the newest on top.
    """
    found = EventGrant.objects.live(at=at).filter(person=person)
    if only is not None:
        found = found.filter(pk__in=only)
    ahead: list[EventGrant] = []
    over: list[EventGrant] = []
    for grant in found.select_related("event__port").order_by("event__departs_at", "role", "pk"):
        event = grant.event
        past = event.returns_at < at and event.state != EventState.UNDERWAY
        (over if past or event.state in OVER else ahead).append(grant)
    return [
        RoleRow(
            pk=grant.pk,
            key=grant.event.key,
            title=grant.event.title,
            role=grant.role,
            role_label=Role(grant.role).label,
            departs=link_words.departure(grant.event),
        )
        for grant in (*ahead, *reversed(over))
    ]


def _seen(event: Event) -> dict[tuple[int, str], tuple[int, dt.datetime]]:
    found = (
        LinkEvent.objects.filter(
            link__grant__event=event, kind__in=(LinkEventKind.VIEWED, LinkEventKind.USED)
        )
        .order_by()
        .values_list("link_id", "kind")
        .annotate(times=Count("pk"), last=Max("at"))
    )
    return {(link_id or 0, kind): (times, last) for link_id, kind, times, last in found}


def _link_row(
    event: Event, link: Link, seen: dict[tuple[int, str], tuple[int, dt.datetime]], at: dt.datetime
) -> LinkRow:
    words, tone = _state(link, at)
    used = seen.get((link.pk, LinkEventKind.USED.value))
    return LinkRow(
        pk=link.pk,
        words=words,
        tone=tone,
        open=words == OPEN,
        issued_at=link_words.stamp(event, link.issued_at),
        expires_at=link_words.stamp(event, link.expires_at),
        uses=link.uses,
        uses_allowed=link.uses_allowed,
        viewed=seen.get((link.pk, LinkEventKind.VIEWED.value), (0, at))[0],
        used_at="" if used is None else link_words.stamp(event, used[1]),
    )


OPEN = "Open"


def _state(link: Link, at: dt.datetime) -> tuple[str, str]:
    if link.revoked_at is not None:
        return "Revoked", "bad"
    if link.expires_at <= at:
        return "Run out", "watch"
    if link.uses >= link.uses_allowed:
        return "Used up", "watch"
    return OPEN, "good"
