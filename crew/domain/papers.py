"""Papers as lists: somebody's own, and for staff those of the people who work for their entities."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse

from core import access, clock
from crew.domain import fitness
from crew.domain.home_cards import HomeCard
from crew.domain.staffing import COMING
from crew.models import Credential, EventGrant, Person, Position, Role

# Within how many days of its end a paper is spoken of: a licence can be renewed up to eight months ahead.
WINDOWS = (7, 30, 90, 240)
_CARDS_WITHIN = 90
MOST_CARDS = 12


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One paper in finished words."""

    pk: int
    person: str
    kind: str
    number: str
    issued: str
    state: str
    tone: str
    has_file: bool
    withdrawn: bool


def people_of(ids: Collection[int] | None) -> QuerySet[Person]:
    """Return the active people who ever were captain or crew, or held a position, for these entities (None: for any).

    Where there is no bound, people whose papers are on record count too.
    """
    grants = EventGrant.objects.filter(person=OuterRef("pk"), role__in=(Role.CAPTAIN, Role.CREW))
    held = Position.objects.filter(holder=OuterRef("pk"))
    if ids is None:
        kept = Credential.objects.filter(person=OuterRef("pk"))
        worked = Q(Exists(grants)) | Q(Exists(held)) | Q(Exists(kept))
    else:
        worked = Q(Exists(grants.filter(event__entity__in=ids))) | Q(
            Exists(held.filter(event__entity__in=ids))
        )
    return Person.objects.filter(worked, is_active=True)


def row(credential: Credential, today: dt.date) -> PaperRow:
    """Return one paper as it stands on a day."""
    state, tone = _state(credential, today)
    return PaperRow(
        pk=credential.pk,
        person=str(credential.person),
        kind=credential.get_kind_display(),
        number=credential.number,
        issued=fitness.day(credential.issued_on) if credential.issued_on else "",
        state=state,
        tone=tone,
        has_file=bool(credential.file),
        withdrawn=credential.withdrawn_at is not None,
    )


def _state(credential: Credential, today: dt.date) -> tuple[str, str]:
    if credential.withdrawn_at is not None:
        return f"Withdrawn {fitness.day(clock.today(at=credential.withdrawn_at))}", ""
    if credential.expires_on is None:
        return "Does not expire", "good"
    on, days = fitness.day(credential.expires_on), (credential.expires_on - today).days
    if days < 0:
        return f"Expired {on}", "bad"
    left = "today is its last day" if days == 0 else f"{days} day{'s' if days != 1 else ''} left"
    if days > WINDOWS[-1]:
        return f"Valid to {on}", "good"
    tone = "bad" if days <= 7 else "high" if days <= 30 else "watch" if days <= 90 else "info"
    return f"Valid to {on}, {left}", tone


def own(*, person: Person, today: dt.date) -> list[PaperRow]:
    """Return all papers of one person, those withdrawn last; one query."""
    found = Credential.objects.filter(person=person).select_related("person")
    return [
        row(credential, today)
        for credential in found.order_by(F("withdrawn_at").asc(nulls_first=True), "kind", "-expires_on")
    ]


def listed(*, ids: Collection[int] | None, window: str, search: str, today: dt.date) -> QuerySet[Credential]:
    """Return the newest paper of each kind of everybody who works for these entities, those that end first first.

    ``window`` is ``expired``, a number of days, or empty for all.
    """
    found = (
        _current()
        .filter(person__in=people_of(ids))
        .select_related("person")
        .order_by(F("expires_on").asc(nulls_last=True), "person__name", "id")
    )
    if window == "expired":
        found = found.filter(expires_on__lt=today)
    elif window:
        found = found.filter(expires_on__gte=today, expires_on__lte=today + dt.timedelta(days=int(window)))
    if search:
        found = found.filter(Q(person__name__icontains=search) | Q(person__email__icontains=search))
    return found


def counts(*, ids: Collection[int] | None, today: dt.date) -> dict[str, int]:
    """Return how many papers each window holds; one query."""
    ends = list(_current().filter(person__in=people_of(ids)).order_by().values_list("expires_on", flat=True))
    within = {
        str(days): sum(end is not None and 0 <= (end - today).days <= days for end in ends)
        for days in WINDOWS
    }
    return {"": len(ends), "expired": sum(end is not None and end < today for end in ends), **within}


def _current() -> QuerySet[Credential]:
    """Return papers that count: not withdrawn, and with none of their kind that ends later."""
    later = Credential.objects.filter(
        Q(expires_on__isnull=True) | Q(expires_on__gt=OuterRef("expires_on")),
        person=OuterRef("person"),
        kind=OuterRef("kind"),
        withdrawn_at__isnull=True,
    ).exclude(pk=OuterRef("pk"))
    return Credential.objects.filter(withdrawn_at__isnull=True).exclude(
        Exists(later), expires_on__isnull=False
    )


def cards(person: Person, at: dt.datetime) -> Iterable[HomeCard]:
    """Return what ends soon, or has ended, of people with coming positions, for staff who book; one query."""
    ids = access.entity_ids(person, "book")
    if ids is not None and not ids:
        return []
    today = clock.today(at=at)
    coming = Position.objects.filter(
        holder=OuterRef("person"), event__state__in=COMING, event__returns_at__gt=at
    )
    if ids is not None:
        coming = coming.filter(event__entity__in=ids)
    found = (
        _current()
        .filter(Exists(coming), expires_on__lte=today + dt.timedelta(days=_CARDS_WITHIN))
        .select_related("person")
        .order_by("expires_on", "id")[:MOST_CARDS]
    )
    return [_card(credential, today) for credential in found]


def _card(credential: Credential, today: dt.date) -> HomeCard:
    shown = row(credential, today)
    days = (credential.expires_on - today).days if credential.expires_on else 0
    severity = "critical" if days < 0 else "high" if days <= 7 else "medium" if days <= 30 else "low"
    return HomeCard(
        title=f"{shown.kind} of {shown.person}",
        url=reverse("crew:credentials"),
        value=shown.state,
        note="They hold a coming position.",
        severity=severity,
        kind="Credential",
    )
