"""A campaign's words once more: a new draft made of one that has left that state, to all or to those it did not reach."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from mail.domain import campaign_queue, campaigns, lists, subscriber_file
from mail.domain.campaign_drafts import CampaignRefusedError, Draft
from mail.models import Campaign, CampaignState, Segment, State, Subscriber

# Whoever has one of these got the mail, or may have.
_REACHED = (State.SENT, State.SENDING, State.IN_DOUBT)
_OVER = (CampaignState.FINISHED, CampaignState.CANCELLED)
_BATCH = 1_000


def not_reached(campaign: Campaign) -> QuerySet[Subscriber]:
    """Return who of a campaign's audience, as its list now is, surely did not get it."""
    reached = campaign.messages.filter(state__in=_REACHED)
    return campaign_queue.audience(campaign).exclude(address_key__in=reached.values("address_key"))


def may_leave_out(campaign: Campaign) -> bool:
    """Tell whether it is settled whom a campaign reaches: it has ended, after it had been started."""
    return campaign.state in _OVER and campaign.started_at is not None


def copy(*, campaign: Campaign, leave_out: bool, by: AbstractBaseUser | None, at: dt.datetime) -> Campaign:
    """Write a campaign's words, list, segment, rule and model down as a new draft.

    With ``leave_out`` it goes to a new segment: those of the old one's audience who surely did not get it, as they are now.

    Raises:
        CampaignRefusedError: it is a draft itself, or those it reaches are to be left out and it has not ended, or
            nobody is left.
    """
    if campaign.state == CampaignState.DRAFT:
        raise CampaignRefusedError("This campaign is a draft; change it instead of copying it.")
    if leave_out and not may_leave_out(campaign):
        raise CampaignRefusedError("Whom this campaign reaches is known once it has ended. Cancel it first.")
    values = {name: getattr(campaign, name) for name in Draft.__dataclass_fields__}
    values["name"] = f"Copy of {campaign.name}"[:120].rstrip()
    with transaction.atomic():
        if leave_out:
            values["segment"] = _segment_of_the_others(campaign)
        return campaigns.create(draft=Draft(**values), by=by, at=at)


def _segment_of_the_others(campaign: Campaign) -> Segment:
    # One at a time, so that its name is free still; who joins meanwhile is not in it.
    lists.lock(campaign.mailing_list)
    members = list(not_reached(campaign).values_list("pk", flat=True))
    if not members:
        raise CampaignRefusedError("Everybody on its list got this campaign, so nobody would be left.")
    taken = {name.lower() for name in campaign.mailing_list.segments.values_list("name", flat=True)}
    number = 1
    while (name := _name(campaign, number)).lower() in taken:
        number += 1
    segment = Segment.objects.create(mailing_list=campaign.mailing_list, name=name)
    through = Subscriber.segments.through
    through.objects.bulk_create(
        [through(subscriber_id=pk, segment_id=segment.pk) for pk in members], batch_size=_BATCH
    )
    return segment


def _name(campaign: Campaign, number: int) -> str:
    ending = f" ({number})" if number > 1 else ""
    return f"Did not get {campaign.name}"[: subscriber_file.LONGEST_SEGMENT - len(ending)].rstrip() + ending
