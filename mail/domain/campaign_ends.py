"""What a campaign's end leaves behind, and messages that a move missed."""

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from mail.domain import states, suppression
from mail.models import Campaign, CampaignState, Message, State


def tidy(*, at: dt.datetime) -> None:
    """Mend what a move and a sender's late answer, or a person's resending, left apart.

    A paused campaign has nothing queued, a cancelled one nothing waiting, and one under way nothing held.
    """

    def has(state: State) -> Exists:
        return Exists(Message.objects.filter(campaign=OuterRef("pk"), state=state))

    astray = Campaign.objects.filter(
        Q(has(State.QUEUED), state__in=[CampaignState.PAUSED, CampaignState.CANCELLED])
        | Q(has(State.HELD), state__in=[CampaignState.SENDING, CampaignState.CANCELLED])
    )
    for pk in list(astray.values_list("pk", flat=True)):
        with transaction.atomic():
            suppression.fence(exclusive=False)
            campaign = Campaign.objects.select_for_update(no_key=True).get(pk=pk)
            messages = Message.objects.filter(campaign=campaign)
            if campaign.state == CampaignState.PAUSED:
                states.move(messages.filter(state=State.QUEUED), State.HELD)
            elif campaign.state == CampaignState.SENDING:
                states.move(messages.filter(state=State.HELD), State.QUEUED)
            elif campaign.state == CampaignState.CANCELLED:
                fail_waiting(campaign_id=pk, at=at)


def fail_waiting(*, campaign_id: int, at: dt.datetime) -> int:
    """Fail what of a cancelled campaign has not left, saying why; return how many."""
    waiting = Message.objects.filter(campaign_id=campaign_id, state__in=[State.QUEUED, State.HELD])
    return states.move(waiting, State.FAILED, settled_at=at, error=states.CANCELLED)
