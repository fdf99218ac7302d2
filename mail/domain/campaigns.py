"""Campaigns: writing one, starting it, and every move it makes until it has ended.

A few subscribers get it first. When all of theirs is settled and bounces and complaints have had their time, `advance` lets
the rest go, unless the stop rule has paused it. `mail.domain.campaign_queue` writes the messages.

Each move takes the fence of suppression first, then the campaign, then its messages: always in this order, so that no
two of them wait for each other.
"""

import dataclasses
import datetime as dt
import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import DatabaseError, transaction
from django.db.models import Exists, F, Max, OuterRef

from core import announcements, audit
from mail.domain import (
    campaign_body,
    campaign_drafts,
    campaign_ends,
    campaign_mail,
    campaign_queue,
    fields,
    lists,
    outbox,
    preflight,
    states,
    stop_rule,
    suppression,
)
from mail.domain.campaign_drafts import CampaignRefusedError, Draft
from mail.domain.fields import UnsendableError
from mail.models import Campaign, CampaignState, Kind, MailingList, Message, Segment, State

ACTIONS = MappingProxyType({
    "mail:campaign:create": "Campaign drafted",
    "mail:campaign:change": "Campaign changed",
    "mail:campaign:test": "Test of a campaign sent",
    "mail:campaign:start": "Campaign started",
    "mail:campaign:pause": "Campaign paused",
    "mail:campaign:stop": "Campaign stopped by its rule",
    "mail:campaign:resume": "Campaign resumed",
    "mail:campaign:release": "Rest of a campaign released",
    "mail:campaign:finish": "Campaign finished",
    "mail:campaign:reopen": "Finished campaign taken up again for what failed",
    "mail:campaign:cancel": "Campaign cancelled",
})  # fmt: skip

MOVES: Mapping[CampaignState, frozenset[CampaignState]] = MappingProxyType({
    CampaignState.DRAFT: frozenset({CampaignState.SENDING, CampaignState.CANCELLED}),
    CampaignState.SENDING: frozenset({CampaignState.PAUSED, CampaignState.FINISHED, CampaignState.CANCELLED}),
    CampaignState.PAUSED: frozenset({CampaignState.SENDING, CampaignState.CANCELLED}),
    # By a person alone, who sends what failed again.
    CampaignState.FINISHED: frozenset({CampaignState.SENDING}),
    CampaignState.CANCELLED: frozenset(),
})  # fmt: skip

_WAITING = (State.QUEUED, State.SENDING, State.HELD)

logger = logging.getLogger(__name__)


def create(*, draft: Draft, by: AbstractBaseUser | None, at: dt.datetime) -> Campaign:
    """Write a campaign down as a draft.

    Raises:
        CampaignRefusedError: something of it cannot be mailed; each reason is a sentence.
    """
    values = campaign_drafts.checked(draft)
    with transaction.atomic():
        campaign = Campaign.objects.create(created_at=at, **values)
        audit.record(
            action="mail:campaign:create",
            subject=campaign,
            by=by,
            at=at,
            entity=draft.mailing_list.entity_slug,
            data={"list": draft.mailing_list.slug},
        )
    return campaign


def change(*, campaign: Campaign, draft: Draft, by: AbstractBaseUser | None, at: dt.datetime) -> Campaign:
    """Change a draft, and return it as it then is.

    Raises:
        CampaignRefusedError: it is no draft any more, or something of it cannot be mailed.
    """
    values = campaign_drafts.checked(draft)
    old = {name: getattr(campaign, name) for name in values}
    with transaction.atomic():
        if not Campaign.objects.filter(pk=campaign.pk, state=CampaignState.DRAFT).update(**values):
            raise CampaignRefusedError("Only a draft can be changed, and this campaign has left that state.")
        campaign.refresh_from_db()
        audit.record(
            action="mail:campaign:change",
            subject=campaign,
            by=by,
            at=at,
            entity=campaign.mailing_list.entity_slug,
            data={
                # The text itself is in the campaign; the trail says that it changed.
                name: [None, None] if name == "body" else [_plain(old[name]), _plain(value)]
                for name, value in values.items()
                if old[name] != value
            },
        )
    return campaign


def send_test(
    *, campaign: Campaign, address: str, name: str = "", by: AbstractBaseUser | None, at: dt.datetime
) -> Message:
    """Send the campaign as it is now to one address, marked as a test; it counts nowhere.

    Raises:
        CampaignRefusedError: the address is none, or it is suppressed, or the body cannot be mailed.
    """
    try:
        campaign_body.read(campaign.body)
        key = suppression.key(address)
        held = suppression.holding(keys=[key], kind=Kind.COMMERCIAL, list_id=campaign.mailing_list_id).get(
            key
        )
        if held is not None:
            # Whoever left the list gets no tests of its campaigns either; a test's row does not name its list.
            raise CampaignRefusedError(suppression.sentence(held))
        with transaction.atomic():
            asked = outbox.enqueue(
                dedupe_key=f"campaign-test:{campaign.pk}:{address.lower()}:{at.isoformat()}",
                composer=campaign_mail.TEST,
                payload={"campaign": campaign.pk},
                to_address=address,
                to_name=name,
                from_name=campaign.from_name,
                reply_to=campaign.reply_to,
                subject=f"[Test] {campaign.subject}",
                kind=Kind.COMMERCIAL,
                at=at,
            )
            if isinstance(asked, outbox.Skipped):
                raise CampaignRefusedError(asked.sentence)
            audit.record(
                action="mail:campaign:test", subject=campaign, by=by, at=at, data={"to": asked.to_address}
            )
    except (UnsendableError, campaign_body.BodyRefusedError) as error:
        raise CampaignRefusedError(str(error)) from None
    return asked


def start(*, campaign: Campaign, by: AbstractBaseUser | None, at: dt.datetime) -> Campaign:
    """Start a draft: its list is fixed as it is now, and `advance` mails the first cohort.

    The checks ask SES and the name service, so they are made outside the transaction.

    Raises:
        CampaignRefusedError: it is no draft, a check fails, or nobody on the list may be mailed.
    """
    _expect(campaign, CampaignState.SENDING)
    failed = [
        check.sentence for check in preflight.checks(campaign=campaign, at=at) if check.verdict == "fail"
    ]
    if failed:
        raise CampaignRefusedError(*failed)
    reach = lists.reachable(mailing_list=campaign.mailing_list, segment=campaign.segment)
    if not reach.mailable:
        raise CampaignRefusedError("Nobody on this list may be mailed. Import subscribers first.")
    last = campaign_queue.audience(campaign).aggregate(last=Max("pk"))["last"]
    with transaction.atomic():
        # As it was checked and shown, in every part: somebody may be changing it at this moment.
        shown = {field.name: getattr(campaign, field.name) for field in dataclasses.fields(Draft)}
        unchanged = Campaign.objects.filter(pk=campaign.pk, **shown)
        _move(
            unchanged,
            campaign,
            CampaignState.DRAFT,
            CampaignState.SENDING,
            started_at=at,
            last_subscriber_id=last,
        )
        _record(campaign, "start", by, at, {"recipients": reach.mailable, "suppressed": reach.held_back})
    return campaign


def pause(*, campaign: Campaign, why: str, by: AbstractBaseUser | None, at: dt.datetime) -> Campaign:
    """Pause a campaign under way: nothing of it starts any more, and what is queued is held.

    Raises:
        CampaignRefusedError: it is not under way, or no reason is given.
    """
    why = _reason(why, "Say why it is paused; the reason is kept.")
    with transaction.atomic():
        _pause(campaign, why, stopped=False, by=by, at=at)
    return campaign


def resume(*, campaign: Campaign, why: str = "", by: AbstractBaseUser | None, at: dt.datetime) -> Campaign:
    """Let a paused campaign go on, except to those who were suppressed meanwhile.

    After its rule stopped it, only a person does this, with a reason; the rule then counts from here. What came in while
    it was paused may be enough for the rule: then it stays paused, and says so.

    Raises:
        CampaignRefusedError: it is not paused, or the reason or the person is missing.
    """
    if campaign.stopped and by is None:
        raise CampaignRefusedError("A campaign that its rule stopped goes on only when a person says so.")
    if campaign.stopped or why:
        why = _reason(
            why, "Its rule stopped this campaign. Say why it is right to go on; the reason is kept."
        )
    with transaction.atomic():
        # Behind the fence no complaint or bounce comes in between: nothing leaves that the rule would stop.
        suppression.fence(exclusive=False)
        broken = "" if campaign.stopped else stop_rule.why(campaign)
        stopped = bool(broken) and _stop_paused(campaign, broken, at)
        if not stopped:
            _resume(campaign, why, by, at)
    if stopped:
        raise CampaignRefusedError(f"While it was paused, {broken} Say why it is right to go on.")
    return campaign


def release(*, campaign: Campaign, by: AbstractBaseUser | None, at: dt.datetime) -> Campaign:
    """Let the rest go, without waiting for what becomes of the first cohort; of a paused campaign, once it is resumed.

    Raises:
        CampaignRefusedError: it is neither under way nor paused, or the rest was let go already.
    """
    with transaction.atomic():
        if not Campaign.objects.filter(
            pk=campaign.pk,
            state__in=[CampaignState.SENDING, CampaignState.PAUSED],
            released_at__isnull=True,
        ).update(released_at=at):
            campaign.refresh_from_db()
            raise CampaignRefusedError(
                "The rest of this campaign was let go already."
                if campaign.released_at
                else f"This campaign is {campaign.get_state_display().lower()}, so nothing can be let go."
            )
        campaign.refresh_from_db()
        _record(campaign, "release", by, at, {})
    return campaign


def cancel(*, campaign: Campaign, why: str = "", by: AbstractBaseUser | None, at: dt.datetime) -> Campaign:
    """End a campaign for good. What has not left fails and says so; what is on its way can no longer be stopped.

    Raises:
        CampaignRefusedError: it has ended already.
    """
    _expect(campaign, CampaignState.CANCELLED)
    with transaction.atomic():
        suppression.fence(exclusive=False)
        _move(
            Campaign.objects.all(),
            campaign,
            CampaignState(campaign.state),
            CampaignState.CANCELLED,
            ended_at=at,
        )
        never = campaign_ends.fail_waiting(campaign_id=campaign.pk, at=at)
        _record(campaign, "cancel", by, at, {"reason": _reason(why, "") if why else "", "messages": never})
    return campaign


def reopen(*, campaign: Campaign, by: AbstractBaseUser, at: dt.datetime) -> None:
    """Take a finished campaign back under way, for the transaction in which a person queues its failed mail again.

    Its rule, pausing and cancelling hold again, at once for what came in since it finished; `advance` finishes it. The list
    is the one it had. One that has not finished is left as it is.
    """
    with transaction.atomic():
        suppression.fence(exclusive=False)
        # Held even where it has not finished, so that it does not finish before its failed mail is queued.
        campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        if campaign.state != CampaignState.FINISHED:
            return
        as_held = Campaign.objects.all()
        _move(as_held, campaign, CampaignState.FINISHED, CampaignState.SENDING, ended_at=None)
        _record(campaign, "reopen", by, at, {})
        consider_stopping(campaign_id=campaign.pk, at=at)


def advance(*, at: dt.datetime) -> int:
    """Take every campaign under way a step further: queue, let the rest go, finish. Returns how many rows were written.

    Any number of processes may do this at once. A campaign that the database refuses keeps none of the others waiting.
    """
    written = 0
    campaign_ends.tidy(at=at)
    for pk in list(
        Campaign.objects.filter(state=CampaignState.SENDING).order_by("pk").values_list("pk", flat=True)
    ):
        try:
            written += _step(pk, at)
        except DatabaseError:
            # A key that is taken already, a lock that was waited for too long: the next sweep tries again.
            logger.exception("Campaign %s could not go a step further.", pk)
    return written


def _step(pk: int, at: dt.datetime) -> int:
    if consider_stopping(campaign_id=pk, at=at):
        return 0
    queued = campaign_queue.fill(campaign_id=pk, at=at)
    if not queued:
        _go_on(Campaign.objects.select_related("mailing_list").get(pk=pk), at)
    return queued


def consider_stopping(*, campaign_id: int, at: dt.datetime) -> bool:
    """Pause a campaign under way whose complaints or hard bounces are too many; tell whether it was paused.

    Called where an event of SES has just been written, in its transaction, and by `advance`, which sees what two
    transactions at once could not see of each other.
    """
    campaign = Campaign.objects.filter(pk=campaign_id, state=CampaignState.SENDING).first()
    if campaign is None:
        return False
    why = stop_rule.why(campaign)
    if not why:
        return False
    try:
        with transaction.atomic():
            _pause(campaign, why, stopped=True, by=None, at=at)
    except CampaignRefusedError:
        return False  # Somebody was quicker: it is under way no more.
    return True


def _go_on(campaign: Campaign, at: dt.datetime) -> None:
    """Do what comes after queueing: finish, let the rest go, or wait."""
    waiting = Message.objects.filter(campaign=campaign, state__in=_WAITING)
    if campaign.state != CampaignState.SENDING or waiting.exists():
        return
    counted = stop_rule.fate(campaign.pk)
    if campaign_queue.is_through(campaign):
        _finish(campaign, at)
    elif campaign.released_at is None:
        if counted.last_sent_at is None:
            _hold(campaign, stop_rule.hopeless(counted), at)
        elif counted.last_sent_at + dt.timedelta(minutes=campaign.wait_minutes) <= at:
            if stop_rule.is_blind(campaign):
                _hold(campaign, stop_rule.BLIND, at)
                return
            try:
                release(campaign=campaign, by=None, at=at)
            except CampaignRefusedError:
                return  # Another process, or a person, was quicker.


def _finish(campaign: Campaign, at: dt.datetime) -> None:
    waiting = Message.objects.filter(campaign=OuterRef("pk"), state__in=_WAITING)
    done = Campaign.objects.filter(~Exists(waiting), queued_through_id__gte=F("last_subscriber_id"))
    with transaction.atomic():
        try:
            _move(done, campaign, CampaignState.SENDING, CampaignState.FINISHED, ended_at=at)
        except CampaignRefusedError:
            return  # A person resent one meanwhile, or another process finished it.
        _record(campaign, "finish", None, at, {})
        # One that is taken up again for what failed finishes anew, and is announced anew.
        announcements.say(
            kind="mail:campaign:finished",
            key=f"campaign:{campaign.pk}:{at.isoformat()}",
            subject=campaign,
            entity=campaign.mailing_list.entity_slug,
            at=at,
        )


def _hold(campaign: Campaign, why: str, at: dt.datetime) -> None:
    """Pause where the first cohort says nothing for letting the rest go; only a person lets it go."""
    try:
        with transaction.atomic():
            _pause(campaign, why, stopped=True, by=None, at=at)
    except CampaignRefusedError:
        return  # Somebody was quicker.


def _stop_paused(campaign: Campaign, why: str, at: dt.datetime) -> bool:
    """Let the rule stop a campaign that a person has paused; tell whether it is paused still, and by nobody else's hand."""
    paused = Campaign.objects.filter(pk=campaign.pk, state=CampaignState.PAUSED, stopped=False)
    if not paused.update(stopped=True, paused_why=why):
        return False
    campaign.refresh_from_db()
    _record(campaign, "stop", None, at, {"reason": why, "messages": 0})
    return True


def _resume(campaign: Campaign, why: str, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    changes: dict[str, Any] = {"paused_why": "", "stopped": False}
    if campaign.stopped:
        counted = stop_rule.fate(campaign.pk)
        changes |= {
            "forgiven_sent": counted.sent,
            "forgiven_complaints": counted.complaints,
            "forgiven_bounces": counted.hard_bounces,
        }
    as_seen, was = Campaign.objects.filter(stopped=campaign.stopped), campaign.paused_why
    _move(as_seen, campaign, CampaignState.PAUSED, CampaignState.SENDING, **changes)
    held = Message.objects.filter(campaign=campaign, state=State.HELD)
    released = states.move(held, State.QUEUED)
    _record(campaign, "resume", by, at, {"was": was, "reason": why, "messages": released})


def _pause(
    campaign: Campaign, why: str, *, stopped: bool, by: AbstractBaseUser | None, at: dt.datetime
) -> None:
    suppression.fence(exclusive=False)
    _move(
        Campaign.objects.all(),
        campaign,
        CampaignState.SENDING,
        CampaignState.PAUSED,
        paused_why=why,
        stopped=stopped,
    )
    held = states.move(Message.objects.filter(campaign=campaign, state=State.QUEUED), State.HELD)
    _record(campaign, "stop" if stopped else "pause", by, at, {"reason": why, "messages": held})


def _expect(campaign: Campaign, to: CampaignState) -> None:
    state = CampaignState(campaign.state)
    if to not in MOVES[state]:
        doing = {CampaignState.SENDING: "start", CampaignState.CANCELLED: "be cancelled"}[to]
        raise CampaignRefusedError(f"This campaign is {state.label.lower()}, so it cannot {doing}.")
    if to == CampaignState.SENDING and state != CampaignState.DRAFT:
        raise CampaignRefusedError(f"This campaign is {state.label.lower()}; only a draft can start.")


def _move(campaigns: Any, campaign: Campaign, was: CampaignState, to: CampaignState, **changes: Any) -> None:
    """Move one campaign by one conditional UPDATE, and bring the instance up to date. The only door to ``state``."""
    if to not in MOVES[was]:
        raise CampaignRefusedError(
            f"A campaign that is {was.label.lower()} cannot become {to.label.lower()}."
        )
    if to == CampaignState.CANCELLED:
        changes |= {"paused_why": "", "stopped": False}
    if not campaigns.filter(pk=campaign.pk, state=was).update(state=to, **changes):
        raise CampaignRefusedError(
            f"This campaign is no longer {was.label.lower()}, or somebody changed it at this moment. Look at it again."
        )
    campaign.refresh_from_db()


def _record(
    campaign: Campaign, verb: str, by: AbstractBaseUser | None, at: dt.datetime, data: dict[str, Any]
) -> None:
    audit.record(
        action=f"mail:campaign:{verb}",
        subject=campaign,
        by=by,
        at=at,
        entity=campaign.mailing_list.entity_slug,
        data=data,
    )


def _reason(why: str, missing: str) -> str:
    try:
        line = fields.one_line(" ".join(why.split()), what="reason", longest=500)
    except UnsendableError as error:
        raise CampaignRefusedError(str(error)) from None
    if not line:
        raise CampaignRefusedError(missing)
    return line


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, MailingList | Segment) else value
