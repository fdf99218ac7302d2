"""What the pages of a campaign say beside it: whose mail the preview shows, what was tested, and who has it or never will."""

import re
from collections.abc import Sequence
from typing import Any

from core.models import AuditEvent
from mail.domain import campaign_copies, campaign_lists, campaign_mail, campaign_queue, campaigns
from mail.domain.campaign_results import Progress
from mail.domain.compose import CannotComposeError
from mail.domain.content import Content
from mail.models import Campaign, CampaignState, Message
from mail.web.campaign_words import Preview, instant

_USES_NAME = re.compile(r"\{\{\s*(first_)?name\s*\}\}")


def preview(campaign: Campaign) -> Preview:
    """Return the mail as the first subscriber who can be reached would get it, and how many have no name to be called by."""
    audience = campaign_lists.subscribers(mailing_list=campaign.mailing_list, segment=campaign.segment_id)
    reachable = audience.prefetch_related(None).filter(is_held=False)  # type: ignore[misc]
    uses_name = _USES_NAME.search(campaign.body) is not None
    # Somebody with a name shows where it stands.
    named = reachable.exclude(name="") if uses_name else reachable
    first = named.first()
    name = first.name if first is not None else ""
    try:
        composed = campaign_mail.preview(campaign=campaign, name=name)
    except CannotComposeError as error:
        return Preview(None, why_not=str(error))
    content = Content(headers=(), text=composed.text, html=composed.html, parts=(), size_bytes=0)
    whom = name or "somebody whose name is not known"
    note = f"As {whom} would get it; here the unsubscribe link leads nowhere."
    nameless = reachable.filter(name="").count() if uses_name else 0
    if nameless:
        have = "1 has no name and reads" if nameless == 1 else f"{nameless:,} have no name; they read"
        note = f"{note} {have} “{campaign_mail.NOBODY}”."
    return Preview(content, note)


def tested(campaign: Campaign) -> str:
    """Return where the last test of a campaign as it now stands went, or that none was sent."""
    changed = (
        AuditEvent.objects.filter(
            subject_type=Campaign._meta.label_lower,
            subject_id=str(campaign.pk),
            action__in=["mail:campaign:create", "mail:campaign:change"],
        )
        .order_by("-id")
        .values_list("at", flat=True)
        .first()
    )
    tests = Message.objects.filter(
        composer=campaign_mail.TEST, dedupe_key__startswith=f"campaign-test:{campaign.pk}:"
    )
    last = tests.order_by("-id").first()
    if last is None:
        return "None was sent."
    if changed is not None and last.created_at < changed:
        return "None was sent since the last change."
    return (
        f"Sent to {last.to_address} on {instant(last.created_at)}; it is {last.get_state_display().lower()}."
    )


def rest(campaign: Campaign, counted: Progress) -> int:
    """Return how many there are beyond the first cohort; whoever is suppressed by then is among them."""
    return max(counted.to_mail + campaign_lists.not_written(campaign) - campaign.first_cohort, 0)


def paused_by(events: Sequence[dict[str, Any]]) -> str:
    """Return who paused a campaign last, and when; empty where its history does not reach back so far."""
    titles = [campaigns.ACTIONS[action] for action in ("mail:campaign:pause", "mail:campaign:stop")]
    last = next((event for event in events if event["title"] in titles), None)
    return f"{last['by']}, {instant(last['at'])}" if last else ""


def cancelling(campaign: Campaign, counted: Progress) -> list[str]:
    """Return what cancelling would leave: who has it, who never will, and the way on."""
    if campaign.state == CampaignState.DRAFT:
        return []
    left, never = counted.sent + counted.sending + counted.in_doubt, counted.queued + counted.held
    never += campaign_lists.not_written(campaign)
    have, will = ("has" if left == 1 else "have"), f"{never:,} never will"
    return [
        f"{left:,} {have} left or may have, {will}.",
        "To mend a mistake: cancel this one, then press “Copy as a new draft” on its page and let those it reached be left out.",
    ]


def copying(campaign: Campaign) -> dict[str, Any]:
    """Return what copying a campaign asks and says: whether those it reached may be left out, and how many remain."""
    everybody = campaign_queue.audience(campaign).count()
    if not campaign_copies.may_leave_out(campaign):
        ended = campaign.state == CampaignState.CANCELLED
        return {
            "choice": False,
            "sentence": (
                "Nothing of it had left, so nobody gets this twice."
                if ended
                else "It has not ended: those who got it will get the copy too. Cancel it first, and they can be left out."
            ),
            "everybody": everybody,
        }
    others = campaign_copies.not_reached(campaign).count()
    return {
        "choice": others > 0,
        "sentence": (
            ""
            if others
            else "Everybody on its list got it; those who got it will get this one too, once you start it."
        ),
        "others": others,
        "everybody": everybody,
    }
