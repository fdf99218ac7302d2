"""One mailing, to all its recipients: which of its mails failed, and sending it again to those and nobody else."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from core import audit
from mail.domain import campaigns, states
from mail.domain.decisions import DecisionRefusedError
from mail.models import Campaign, CampaignState, Message, State

# Rows of one transaction: with a whole list in one, nothing else could be written meanwhile.
_AT_ONCE = 500


def failed(*, campaign: Campaign) -> int:
    """Return how many mails of a campaign failed and may be sent again; none of one that was cancelled."""
    return 0 if campaign.state == CampaignState.CANCELLED else _failed(campaign).count()


def resend_failed(*, campaign: Campaign, by: AbstractBaseUser, at: dt.datetime) -> int:
    """Queue the failed mails of a campaign again and return how many; nobody gets it twice.

    A campaign that had finished is under way again until these have gone, so that its rule, pausing and cancelling hold
    for them. Those who unsubscribed meanwhile are still left out: whoever claims looks again.

    Raises:
        DecisionRefusedError: the campaign is cancelled.
    """
    if campaign.state == CampaignState.CANCELLED:
        raise DecisionRefusedError(
            "This campaign was cancelled, so its mail is not sent again. Make a new one for those it missed."
        )
    again, last = 0, 0
    while True:
        with transaction.atomic():
            if not _failed(campaign).filter(pk__gt=last).exists():
                return again
            # Before its messages, as everywhere. It may have finished again since the rows before these were queued.
            campaigns.reopen(campaign=campaign, by=by, at=at)
            rows = list(_failed(campaign).filter(pk__gt=last).select_for_update().order_by("pk")[:_AT_ONCE])
            for row in rows:
                audit.record(
                    action="mail:message:retry",
                    subject=row,
                    by=by,
                    at=at,
                    data={"was": row.error, "tries": row.tries},
                )
            states.move(
                Message.objects.filter(pk__in=[row.pk for row in rows]),
                State.QUEUED,
                due_at=at,
                tries=0,
                claimed_at=None,
                settled_at=None,
                error="",
            )
        if not rows:
            return again
        again, last = again + len(rows), rows[-1].pk


def _failed(campaign: Campaign) -> QuerySet[Message]:
    return Message.objects.filter(campaign=campaign, state=State.FAILED)
