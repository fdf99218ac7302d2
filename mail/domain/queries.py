"""Reading mail: the mailbox list, one message with its content, and what a person must look at."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q, QuerySet

from mail import transport
from mail.domain import campaign_lists, compose, fields
from mail.domain.content import Content, take_apart, without_stop_link
from mail.models import Campaign, Kind, Message, State

PAGE = 50


@dataclass(frozen=True)
class Question:
    """What the mailbox is asked for; an empty answer leaves a question out. Days are the portfolio's own."""

    search: str = ""
    state: str = ""
    kind: int | None = None
    campaign: Campaign | None = None
    composer: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    before: int | None = None


@dataclass(frozen=True)
class Page:
    """One page of the mailbox, newest first. ``older`` is the id to ask on from, None on the last page."""

    messages: tuple[Message, ...]
    older: int | None


@dataclass(frozen=True)
class Reading:
    """A message's content, or the sentence that says why it is not shown.

    ``kept`` is true for the bytes that left; otherwise the mail was composed anew from its records, without any
    secret. ``cut`` is true where its reader's own unsubscribe link was left out.
    """

    content: Content | None
    kept: bool = False
    cut: bool = False
    why_not: str = ""


def mailbox(question: Question) -> Page:
    """Return one page of messages, newest first, without their payloads.

    A search for one whole address finds that address alone, by its index; any other words are looked for in address and
    subject, in any case. ``since`` and ``until`` bound the writing, ``until`` not included; of ``before``, an id, only
    older rows are returned.
    """
    rows = Message.objects.defer("payload", "sealed")
    if question.search:
        rows = rows.filter(_fits(question.search))
    same = {
        "state": question.state,
        "kind": question.kind,
        "campaign": question.campaign,
        "composer": question.composer,
        "created_at__gte": question.since,
        "created_at__lt": question.until,
        "id__lt": question.before,
    }
    rows = rows.filter(**{field: value for field, value in same.items() if value})
    found = list(rows.order_by("-id")[: PAGE + 1])
    page = tuple(found[:PAGE])
    return Page(messages=page, older=page[-1].pk if len(found) > PAGE else None)


def _fits(search: str) -> Q:
    try:
        return Q(address_key=fields.address(search, what="search").lower())
    except fields.UnsendableError:
        return Q(address_key__contains=search.lower()) | Q(subject__icontains=search)


def with_key_prefix(prefix: str) -> QuerySet[Message]:
    """Return the messages whose dedupe keys begin so, by address: one mailing, to all its recipients."""
    return (
        Message.objects.filter(dedupe_key__startswith=prefix)
        .defer("payload", "sealed")
        .order_by("to_address", "id")
    )


def read(message: Message, *, secrets: bool) -> Reading:
    """Return the content of a message: the file it left as, or else composed anew from its records.

    Mail that bore a code or link is read only on a laptop with the sample, where the mailbox is the only way to it, and
    there only with ``secrets``: whoever reads another's code signs in as them. Without ``secrets`` a campaign's mail is read
    without its reader's own unsubscribe link, by which they choose what they get.
    """
    if _is_private(message, secrets):
        return Reading(
            None, why_not="This mail bears a code or a link for its reader alone, so it is not shown."
        )
    kept = raw = transport.read_eml(message.eml_name)
    if raw is None:
        try:
            raw = transport.wire_bytes(compose.build(message, compose.compose(message)))
        except (compose.CannotComposeError, fields.UnsendableError) as error:
            return Reading(None, why_not=str(error))
    content = take_apart(raw)
    if _is_cut(message, secrets):
        return Reading(without_stop_link(content), kept=kept is not None, cut=True)
    return Reading(content, kept=kept is not None)


def kept_bytes(message: Message, *, secrets: bool) -> bytes | None:
    """Return the bytes a message left as; None where they are not kept here or must not be shown."""
    hidden = _is_private(message, secrets) or _is_cut(message, secrets)
    return None if hidden else transport.read_eml(message.eml_name)


def doubtful_count() -> int:
    """Return how many messages are in doubt, for the tabs; one query."""
    return Message.objects.filter(state=State.IN_DOUBT).count()


def unsettled_counts() -> dict[str, int]:
    """Return how many messages need a person's eye, by state: failed and in doubt."""
    return {state: Message.objects.filter(state=state).count() for state in (State.FAILED, State.IN_DOUBT)}


def _is_private(message: Message, secrets: bool) -> bool:
    on_sample_laptop = settings.DEMO and settings.MAIL_TRANSPORT == "mailbox"
    return message.bears_secret and not (secrets and on_sample_laptop)


def _is_cut(message: Message, secrets: bool) -> bool:
    return message.kind == Kind.COMMERCIAL and not secrets


@dataclass(frozen=True, slots=True)
class CampaignFact:
    """A campaign as it stands, for whoever reports on it: whom it is for, what the model says, what became of it.

    ``subscribers`` are those of its whole list, ``recipients`` those it goes or went to. ``told`` is false where its
    transport reports nothing about delivery: then delivered, hard bounces and complaints are no nought. Amounts are cents
    of US dollars.
    """

    id: int
    name: str
    entity_slug: str
    list_id: int
    list_name: str
    subscribers: int
    recipients: int
    state: str
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    model_low_minor: int | None
    model_high_minor: int | None
    model_booking_minor: int | None
    sent: int
    told: bool
    delivered: int
    hard_bounces: int
    complaints: int


def campaign_facts(*, since: dt.date | None = None, at_most: int = 12) -> tuple[CampaignFact, ...]:
    """Return the newest campaigns that were not cancelled, the newest first; at most five queries.

    Those that were started and have not ended, or ended on ``since`` or later (UTC), are among them however many are newer.
    """
    rows = list(campaign_lists.newest_campaigns()[:at_most])
    if not rows:
        return ()
    if since is not None and len(rows) == at_most:
        ended = dt.datetime.combine(since, dt.time(), dt.UTC)
        watched = Q(ended_at__isnull=True) | Q(ended_at__gte=ended)
        older = campaign_lists.newest_campaigns().filter(
            watched, started_at__isnull=False, pk__lt=rows[-1].pk
        )
        rows += older
    reach = campaign_lists.reach(
        {row.mailing_list_id for row in rows}, segments=any(row.segment_id is not None for row in rows)
    )
    started = [row.pk for row in rows if row.started_at is not None]
    tallies = campaign_lists.tallies(started) if started else {}
    nobody, nothing = campaign_lists.Reach(), campaign_lists.Tally()
    found = []
    for row in rows:
        whole, part = (reach.get((row.mailing_list_id, of), nobody) for of in (None, row.segment_id))
        tally = tallies.get(row.pk, nothing)
        waiting: int = row.unwritten  # type: ignore[attr-defined]
        found.append(
            CampaignFact(
                id=row.pk,
                name=row.name,
                entity_slug=row.mailing_list.entity_slug,
                list_id=row.mailing_list_id,
                list_name=row.mailing_list.name,
                subscribers=whole.subscribers,
                recipients=part.reachable if row.started_at is None else tally.recipients + waiting,
                state=row.state,
                started_at=row.started_at,
                ended_at=row.ended_at,
                model_low_minor=row.model_low_minor,
                model_high_minor=row.model_high_minor,
                model_booking_minor=row.model_booking_minor,
                sent=tally.sent,
                told=tally.measured,
                delivered=tally.delivered,
                hard_bounces=tally.hard_bounces,
                complaints=tally.complaints,
            )
        )
    return tuple(found)
