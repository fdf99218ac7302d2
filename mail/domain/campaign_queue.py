"""Putting a campaign into the outbox: a thousand rows at a time, each batch and how far it came in one transaction.

Whoever writes a batch holds the campaign's row, so of any number of processes one does, and a killed one leaves a whole
batch or none of it. Nobody gets a row twice: the cursor, the dedupe key and the database's own constraint each see to it.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet

from mail.domain import campaign_mail, lists, suppression
from mail.models import Campaign, CampaignState, Kind, Message, State, Subscriber, Suppression

BATCH = 1_000
# So many batches in one go; the next sweep, seconds later, writes the next ones.
BATCHES = 10

# The columns of the outbox as they are written here, in the order of `_row`. What a row does not say is as the model's
# default says. Django's own bulk_create takes six times as long, because it asks every field of every row.
_COLUMNS = (
    "public_id", "dedupe_key", "to_address", "to_name", "state", "settled_at", "error", "composer", "payload",
    "bears_secret", "kind", "campaign_id", "from_name", "reply_to", "subject", "bcc_audit", "tries", "created_at", "due_at",
    "transport", "provider_message_id", "bcc_address", "eml_name", "bounce",
)  # fmt: skip

Member = tuple[int, str, str, str]


def audience(campaign: Campaign) -> QuerySet[Subscriber]:
    """Return the subscribers a campaign is meant for, as its list now is."""
    return Subscriber.objects.filter(
        lists.audience(mailing_list=campaign.mailing_list, segment=campaign.segment)
    ).order_by("pk")


def is_through(campaign: Campaign) -> bool:
    """Tell whether everybody who was on the list at the start has a row."""
    return (
        campaign.last_subscriber_id is not None and campaign.queued_through_id >= campaign.last_subscriber_id
    )


def fill(*, campaign_id: int, at: dt.datetime) -> int:
    """Write the next batches of a campaign; return how many subscribers they took in, 0 where there is none to write.

    Until the rest is let go, only the first cohort is written: as many as it asks for who may be mailed.
    """
    taken = 0
    for _ in range(BATCHES):
        batch = _batch(campaign_id, at)
        taken += batch
        if not batch:
            break
    return taken


def _batch(campaign_id: int, at: dt.datetime) -> int:
    with transaction.atomic():
        # Nobody is suppressed between the looking and the writing.
        suppression.fence(exclusive=False)
        mine = Campaign.objects.filter(
            pk=campaign_id, state=CampaignState.SENDING, queued_through_id__lt=F("last_subscriber_id")
        )
        if not mine.update(state=CampaignState.SENDING):
            return 0
        campaign = Campaign.objects.select_related("mailing_list", "segment").get(pk=campaign_id)
        most = BATCH
        if campaign.released_at is None:
            mailed = campaign.messages.exclude(state=State.SUPPRESSED).count()
            most = min(BATCH, campaign.first_cohort - mailed)
            if most <= 0:
                return 0
        members: list[Member] = list(
            audience(campaign)
            .filter(pk__gt=campaign.queued_through_id, pk__lte=campaign.last_subscriber_id)
            .values_list("pk", "address", "address_key", "name")[:most]
        )
        held = suppression.holding(
            keys=[key for _, _, key, _ in members], kind=Kind.COMMERCIAL, list_id=campaign.mailing_list_id
        )
        _insert(campaign, members, held, at)
        through = members[-1][0] if len(members) == most else campaign.last_subscriber_id
        Campaign.objects.filter(pk=campaign_id).update(queued_through_id=through)
        return len(members)


def _insert(
    campaign: Campaign, members: Sequence[Member], held: Mapping[str, Suppression], at: dt.datetime
) -> None:
    """Write one row for each member, suppressed where something holds them back."""
    if not members:
        return
    column = {field.column: field for field in Message._meta.local_concrete_fields}

    def stored(name: str, value: Any) -> Any:
        return column[name].get_db_prep_save(value, connection)

    instant = stored("created_at", at)
    same = (
        campaign_mail.CAMPAIGN, stored("payload", {}), False, int(Kind.COMMERCIAL), campaign.pk, campaign.from_name,
        campaign.reply_to, campaign.subject, False, 0, instant, instant, "", "", "", "", "",
    )  # fmt: skip
    rows = []
    for _, address, key, name in members:
        stopped = held.get(key)
        rows.append((
            stored("public_id", uuid.uuid4()), f"campaign:{campaign.pk}:{key}", address, name,
            *((State.QUEUED.value, None, "") if stopped is None
              else (State.SUPPRESSED.value, instant, suppression.sentence(stopped))),
            *same,
        ))  # fmt: skip
    table = connection.ops.quote_name(Message._meta.db_table)
    names = ", ".join(connection.ops.quote_name(name) for name in _COLUMNS)
    places = ", ".join(["%s"] * len(_COLUMNS))
    with connection.cursor() as cursor:
        # The only words put in are names of our own table and columns.
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608
