"""Reading for the campaign desk: who each list reaches, a list's subscribers, and what became of each campaign's mail.

Each function is one query or two, however many lists, campaigns and subscribers there are.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Case, Count, Exists, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from mail.domain import campaign_queue, pacing
from mail.domain.suppression import STOPS
from mail.models import (
    Bounce,
    Campaign,
    CampaignState,
    Kind,
    MailingList,
    Message,
    Pace,
    Scope,
    Segment,
    State,
    Subscriber,
    Suppression,
)

# A list as a whole (segment None) or one of its segments.
Part = tuple[int, int | None]

# Of what went another way, by SMTP or by a person's word, nobody tells what became; unless SES did all the same.
TOLD_OF = Q(transport__startswith="ses") | Q(delivered_at__isnull=False) | Q(bounced_at__isnull=False)
_OF_ALL_LISTS = [scope for scope in STOPS if Kind.COMMERCIAL in STOPS[scope] and scope != Scope.LIST]


@dataclass(frozen=True)
class Reach:
    """How many are on a list or in a segment, and how many of them a campaign would go to."""

    subscribers: int = 0
    reachable: int = 0

    @property
    def suppressed(self) -> int:
        """Return how many would be left out."""
        return self.subscribers - self.reachable


@dataclass(frozen=True)
class Tally:
    """What became of a campaign's mail so far. ``recipients`` are those who are not left out as suppressed."""

    recipients: int = 0
    sent: int = 0
    delivered: int = 0
    hard_bounces: int = 0
    complaints: int = 0
    told_of: int = 0

    @property
    def measured(self) -> bool:
        """Tell whether anybody tells what became of it; else nothing delivered is no nought."""
        return bool(self.told_of or self.complaints)


def reach(list_ids: Collection[int], *, segments: bool = True) -> dict[Part, Reach]:
    """Return who can be reached, for each of these lists as a whole and for each of their segments. Two queries.

    A list nobody is on is not among the keys. Without ``segments`` the lists alone are counted, in one query.
    """
    rows = _with_held(Subscriber.objects.filter(mailing_list__in=list_ids).order_by())
    whole = rows.values("mailing_list").annotate(
        subscribers=Count("pk"), reachable=Count("pk", filter=Q(is_held=False))
    )
    found: dict[Part, Reach] = {
        (row["mailing_list"], None): Reach(row["subscribers"], row["reachable"]) for row in whole
    }
    if not segments:
        return found
    parts = (
        rows.filter(segments__isnull=False)
        .values("mailing_list", "segments")
        .annotate(subscribers=Count("pk"), reachable=Count("pk", filter=Q(is_held=False)))
    )
    for row in parts:
        found[row["mailing_list"], row["segments"]] = Reach(row["subscribers"], row["reachable"])
    return found


def last_mailed(list_ids: Collection[int]) -> dict[int, dt.datetime]:
    """Return when a campaign to each list was last started or let go; a list never mailed is not among the keys."""
    rows = (
        Campaign.objects.filter(mailing_list__in=list_ids, started_at__isnull=False)
        .order_by()
        .values("mailing_list")
        .annotate(started=Max("started_at"), released=Max("released_at"))
    )
    return {row["mailing_list"]: max(filter(None, (row["started"], row["released"]))) for row in rows}


def subscribers(
    *, mailing_list: MailingList, search: str = "", segment: int | None = None
) -> QuerySet[Subscriber]:
    """Return a list's subscribers with ``is_held`` and their segments, the first added first.

    ``search`` is looked for in address and name, in any case.
    """
    rows = Subscriber.objects.filter(mailing_list=mailing_list)
    if search:
        rows = rows.filter(Q(address_key__contains=search.lower()) | Q(name__icontains=search))
    if segment is not None:
        rows = rows.filter(segments=segment)
    return _with_held(rows).prefetch_related("segments").order_by("id")


def segments(list_ids: Collection[int]) -> list[Segment]:
    """Return the segments of these lists, by name."""
    return list(Segment.objects.filter(mailing_list__in=list_ids))


def campaigns(*, past: bool) -> QuerySet[Campaign]:
    """Return campaigns with list and segment, the newest first: those that ended, or those that have not.

    ``unwritten`` is how many of its list have no row in the outbox yet; nothing for drafts and for those that ended.
    """
    ended = Q(state__in=[CampaignState.FINISHED, CampaignState.CANCELLED])
    if past:
        return _listed(Campaign.objects.filter(ended).annotate(unwritten=Value(0)))
    return _listed(Campaign.objects.filter(~ended).annotate(unwritten=_unwritten()))


def newest_campaigns() -> QuerySet[Campaign]:
    """Return the campaigns that were not cancelled as `campaigns` does, ended or not."""
    ended = When(state=CampaignState.FINISHED, then=Value(0))
    kept = Campaign.objects.exclude(state=CampaignState.CANCELLED)
    return _listed(kept.annotate(unwritten=Case(ended, default=_unwritten())))


def _listed(rows: QuerySet[Campaign]) -> QuerySet[Campaign]:
    return rows.select_related("mailing_list", "segment").order_by("-id")


def _unwritten() -> Case:
    waiting = Subscriber.objects.filter(
        mailing_list=OuterRef("mailing_list"),
        pk__gt=OuterRef("queued_through_id"),
        pk__lte=OuterRef("last_subscriber_id"),
    )
    in_segment = waiting.filter(segments=OuterRef("segment"))
    return Case(When(segment__isnull=True, then=_counted(waiting)), default=_counted(in_segment))


def _counted(rows: QuerySet[Subscriber]) -> Coalesce:
    counts = rows.order_by().values("mailing_list").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counts), 0)


def tallies(campaign_ids: Collection[int]) -> dict[int, Tally]:
    """Return what became of each campaign's mail; one without mail is not among the keys. One query."""
    rows = (
        Message.objects.filter(campaign__in=campaign_ids)
        .order_by()
        .values_list("campaign")
        .annotate(
            recipients=Count("pk", filter=~Q(state=State.SUPPRESSED)),
            sent=Count("pk", filter=Q(state=State.SENT)),
            delivered=Count("delivered_at"),
            hard_bounces=Count("pk", filter=Q(bounce=Bounce.HARD)),
            complaints=Count("complained_at"),
            told_of=Count("pk", filter=Q(state=State.SENT) & TOLD_OF),
        )
    )
    return {campaign: Tally(*counts) for campaign, *counts in rows}


def not_written(campaign: Campaign) -> int:
    """Return how many who were on the list at the start have no row in the outbox yet. One query."""
    waiting = campaign_queue.audience(campaign).filter(
        pk__gt=campaign.queued_through_id, pk__lte=campaign.last_subscriber_id or 0
    )
    return waiting.count()


def first_settled(campaign: Campaign) -> int:
    """Return how many of the first cohort have an end: sent, failed or in doubt. One query."""
    first = campaign.messages.exclude(state=State.SUPPRESSED).order_by("pk")[: campaign.first_cohort]
    ended = [State.SENT, State.FAILED, State.IN_DOUBT]
    return Message.objects.filter(pk__in=first.values("pk"), state__in=ended).count()


def pace(*, at: dt.datetime) -> pacing.Standing | None:
    """Return how fast mail goes out now; None where SES was never asked. Writes nothing."""
    known = Pace.objects.filter(transport=settings.MAIL_TRANSPORT, rate__isnull=False)
    if settings.MAIL_TRANSPORT == "mailbox" or known.exists():
        return pacing.standing(transport=settings.MAIL_TRANSPORT, at=at)
    return None


def _with_held(rows: QuerySet[Subscriber]) -> QuerySet[Subscriber]:
    """Tell of each subscriber whether a campaign to their list would leave them out."""
    live = Suppression.objects.filter(address_key=OuterRef("address_key"), lifted_at__isnull=True)
    # Two questions rather than one with OR: each is answered by its own partial index.
    everywhere = live.filter(mailing_list__isnull=True, scope__in=_OF_ALL_LISTS)
    here = live.filter(mailing_list=OuterRef("mailing_list"), scope=Scope.LIST)
    return rows.annotate(is_held=Exists(everywhere) | Exists(here))
