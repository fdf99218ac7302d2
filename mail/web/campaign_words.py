"""What the pages of a campaign say: its state and what comes next, the checks, the figures, in words."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from core import clock, trail
from core.models import AuditEvent
from core.money import format_minor
from mail.domain import campaign_lists, campaign_results, stop_rule
from mail.domain.content import Content
from mail.domain.lists import Reach
from mail.domain.pacing import Standing
from mail.domain.preflight import Check
from mail.models import Campaign, CampaignState, State


@dataclass(frozen=True)
class Preview:
    """The mail as one reader would get it, or the sentence why it cannot be shown."""

    content: Content | None
    note: str = ""
    why_not: str = ""


TONES = {
    CampaignState.DRAFT: "",
    CampaignState.SENDING: "info",
    CampaignState.PAUSED: "watch",
    CampaignState.FINISHED: "good",
    CampaignState.CANCELLED: "",
}
EVENTS_SHOWN = 30
# Verdict of a check: its word and tone. What could not be found out is no reason to be calm.
VERDICTS = {
    "pass": ("Fine", "good"),
    "warn": ("Look", "watch"),
    "fail": ("Stops it", "bad"),
    "unknown": ("Not known", "watch"),
}


# States a campaign's mail is counted by, with the tone of each and whether it is shown where it is nothing.
STATES = (
    (State.QUEUED, "", False),
    (State.SENDING, "info", False),
    (State.SENT, "good", True),
    (State.HELD, "watch", False),
    (State.FAILED, "bad", False),
    (State.IN_DOUBT, "watch", False),
    (State.SUPPRESSED, "", False),
)


def stage(campaign: Campaign, counted: campaign_results.Progress) -> str:
    """Return the state, and within it how far things are, as long as the same sentence says what comes next."""
    if campaign.released_at is not None:
        return f"{campaign.state}-rest"
    first_has_gone = bool(counted.to_mail) and counted.settled == counted.to_mail
    return f"{campaign.state}-{'wait' if first_has_gone else 'first'}"


def checks(found: Sequence[Check]) -> dict[str, Any]:
    """Return the checks before the start: whether it may, what is open, what stands in the way first, and what is fine.

    Those of which the same is to be said stand as one.
    """
    order = ("fail", "unknown", "warn", "pass")
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for check in sorted(found, key=lambda check: order.index(check.verdict)):
        word, tone = VERDICTS[check.verdict]
        new = {"names": [], "sentence": check.sentence, "verdict": check.verdict, "word": word, "tone": tone}
        rows.setdefault((check.verdict, check.sentence), new)["names"].append(check.name)
    shown = [{**row, "name": ", ".join(row["names"])} for row in rows.values()]
    return {
        "verdict": _verdict(sum(check.verdict == "fail" for check in found)),
        "open": [row for row in shown if row["verdict"] != "pass"],
        "fine": [row for row in shown if row["verdict"] == "pass"],
    }


def _verdict(failed: int) -> str:
    if failed == 1:
        return "One thing stands in the way of starting it."
    return (
        f"{failed} things stand in the way of starting it."
        if failed
        else "Nothing stands in the way of starting it."
    )


def what_next(campaign: Campaign, counted: campaign_results.Progress) -> str:
    """Return in a sentence or two where a campaign stands and what happens next."""
    state = CampaignState(campaign.state)
    if state == CampaignState.DRAFT:
        return "Nothing has left. Look at the mail, send yourself a test, then start it."
    if state == CampaignState.PAUSED:
        return (
            "Its rule stopped it. Nothing more leaves until somebody says why it may go on."
            if campaign.stopped
            else "Nothing more leaves until it is resumed."
        )
    if state == CampaignState.CANCELLED:
        when = f"Cancelled on {instant(campaign.ended_at)}"
        return (
            f"{when}. {counted.sent:,} had left by then; nothing more follows."
            if counted.sent
            else f"{when}, before anything left."
        )
    if state == CampaignState.FINISHED:
        return f"Done on {instant(campaign.ended_at)}: {counted.sent:,} of {counted.to_mail:,} were sent."
    if campaign.released_at is not None:
        return "The first cohort has gone, and the rest is being sent."
    if stage(campaign, counted).endswith("first"):
        return "The first cohort is being sent. The rest waits for what becomes of it."
    at = counted.last_sent_at
    if at is None:
        return "Nothing of the first cohort got through, so the rest waits."
    follows = instant(at + dt.timedelta(minutes=campaign.wait_minutes))
    return f"The first cohort has gone. The rest follows from {follows}, unless too many bounce or complain."


def progress(campaign: Campaign, counted: campaign_results.Progress, *, at: dt.datetime) -> dict[str, Any]:
    """Return how far a campaign has come and how near it is to its limits, for the part of its page that is asked again."""
    total = counted.to_mail + campaign_lists.not_written(campaign)
    first = min(campaign.first_cohort, total)
    first_done = campaign_lists.first_settled(campaign)
    left = total - counted.settled
    now = stage(campaign, counted)
    moving = campaign.state == CampaignState.SENDING
    standing = campaign_lists.pace(at=at) if moving and left else None
    return {
        "title": "Sending" if moving else "How far it came",
        "limits_title": "What would stop it" if moving else "How near it came to its limits",
        "poll_url": f"{reverse('mail:campaign', args=[campaign.pk])}?seen={now}" if moving else "",
        "stage": now,
        "sentence": what_next(campaign, counted),
        "all": _bar("all", "All recipients", counted.settled, total),
        "parts": [
            _bar("first", "First cohort", min(first_done, first), first),
            _bar("rest", "The rest", max(counted.settled - first_done, 0), total - first),
        ],
        "pace": f"Pace: {pace(standing, left)}." if moving and left else "",
        "states": [
            {
                "value": state.value,
                "label": state.label,
                "tone": tone,
                "count": getattr(counted, state.value),
                "url": messages_url(campaign, state=state.value),
            }
            for state, tone, always in STATES
            if always or getattr(counted, state.value)
        ],
        "limits": _limits(campaign, counted, total),
        "told": settings.MAIL_TRANSPORT != "mailbox" or bool(counted.complaints or counted.hard_bounces),
    }


def _bar(name: str, label: str, done: int, total: int) -> dict[str, Any]:
    # A bar of nothing is full: there is nothing left to do.
    return {
        "id": f"progress-{name}",
        "label": label,
        "done": done if total else 1,
        "total": total or 1,
        "text": f"{done:,} of {total:,}",
    }


def _limits(campaign: Campaign, counted: campaign_results.Progress, total: int) -> list[dict[str, Any]]:
    """Return complaints and hard bounces beside what stops the campaign now, and what makes SES look at the account."""
    base = stop_rule.base(campaign, counted.sent - campaign.forgiven_sent)
    rows = (
        (
            "Complaints",
            counted.complaints,
            campaign.forgiven_complaints + campaign.stop_complaints,
            campaign_results.complaint_threshold(total),
        ),
        (
            "Hard bounces",
            counted.hard_bounces,
            campaign.forgiven_bounces
            + campaign_results.rounded_up(Fraction(campaign.stop_bounce_percent * base, 100)),
            campaign_results.bounce_threshold(total),
        ),
    )
    return [
        {
            "label": label,
            "count": count,
            "stop": stop,
            "review": threshold.review,
            "pause": threshold.pause,
            "word": "Reached" if count >= stop else "Near" if 2 * count >= stop else "Far off",
            "tone": "bad" if count >= stop else "watch" if 2 * count >= stop else "good",
        }
        for label, count, stop, threshold in rows
    ]


def results(campaign: Campaign) -> dict[str, Any]:
    """Return what became of a campaign's mail, and its money beside the model's."""
    found = campaign_results.results(campaign=campaign)
    of_sent, of_delivered = "of those sent", "of those delivered"
    return {
        "fates": [
            _rate("Delivered", found.delivered, of_sent),
            _rate("Hard bounces", found.hard_bounces, of_sent),
            _rate("Soft bounces", found.soft_bounces, of_sent),
            *([_rate("Rejected by SES", found.rejected, of_sent)] if found.rejected.count else []),
            # Where no delivery was told, they are a share of what was sent.
            _rate("Complaints", found.complaints, of_delivered if found.delivered.count else of_sent),
            _rate("Opened", found.opened, of_delivered),
            _rate("Clicked", found.clicked, of_delivered),
            _rate("Unsubscribed", found.unsubscribed, of_sent),
        ],
        "told": found.measured,
        "money": _money(found),
    }


def _rate(label: str, rate: campaign_results.Rate, base: str) -> dict[str, str]:
    if rate.count is None:
        return {"label": label, "count": "", "share": ""}
    # A complaint or two among thousands is still to be seen.
    decimals = 0 if not rate.count else 1 if rate.count * 100 >= (rate.base or 0) else 2
    share = "" if rate.share is None else f"{rate.share * 100:.{decimals}f} % {base}"
    return {"label": label, "count": f"{rate.count:,}", "share": share}


def _money(found: campaign_results.Results) -> list[dict[str, str]]:
    """Return what the model said and what was measured, row by row; empty where nobody can tell."""
    said, came = found.model, found.income
    # Staff say of a booking which campaign it came from; until one is named, nobody can tell what came in.
    known = came is not None and came.bookings > 0
    rows = {"Bookings": ["", ""], "Income": ["", ""], "Income a recipient": ["", ""]}
    if said is not None:
        low, high = (format_minor(minor, cents=False) for minor in (said.low_minor, said.high_minor))
        rows["Income"][0] = f"{low} to {high}"
        if said.low_each_minor is not None and said.high_each_minor is not None:
            rows["Income a recipient"][0] = f"{_cents(said.low_each_minor)} to {_cents(said.high_each_minor)}"
        if said.bookings_needed is not None:
            rows["Bookings"][0] = f"{said.bookings_needed:,} for {low}"
    if came is not None and known:
        rows["Bookings"][1] = f"{came.bookings:,}"
        rows["Income"][1] = format_minor(came.minor)
        if found.recipients:
            rows["Income a recipient"][1] = _cents(Fraction(came.minor, found.recipients))
    return [{"label": label, "said": pair[0], "came": pair[1]} for label, pair in rows.items()]


def _cents(minor: Fraction) -> str:
    return format_minor(round(minor))


def history(campaign: Campaign) -> list[dict[str, Any]]:
    """Return what was done about a campaign, the newest first, with the reasons that were given."""
    found = AuditEvent.objects.filter(
        subject_type=Campaign._meta.label_lower, subject_id=str(campaign.pk)
    ).select_related("actor")[:EVENTS_SHOWN]
    return [
        {
            "at": event.at,
            "title": trail.called(event.action),
            "text": event.data.get("reason") or _changed(event.data) or event.data.get("to", ""),
            "by": str(event.actor) if event.actor else "Quarterdeck itself",
        }
        for event in found
    ]


def _changed(data: dict[str, Any]) -> str:
    names = [
        name.removesuffix("_minor").replace("_", " ") for name, pair in data.items() if isinstance(pair, list)
    ]
    return f"Changed: {', '.join(names)}." if names else ""


def before_cancelling(campaign: Campaign) -> str:
    """Return what cancelling would do."""
    if campaign.state == CampaignState.DRAFT:
        return "Nothing has left yet. A cancelled campaign stays in the list and cannot be started any more."
    return "What has left cannot be called back. What waits never leaves, and the campaign cannot be taken up again."


def facts(campaign: Campaign) -> list[dict[str, str]]:
    """Return what somebody decided about a campaign, and the way to its messages."""
    rows = [
        _fact("List", campaign.mailing_list.name, reverse("mail:list", args=[campaign.mailing_list_id])),
        _fact("Segment", campaign.segment.name if campaign.segment else "The whole list"),
        _fact("Subject", campaign.subject),
        _fact("From", campaign.from_name),
        _fact("Replies go to", campaign.reply_to or "The address it comes from"),
        _fact("First cohort", f"{campaign.first_cohort:,}"),
        _fact("Then waits", _count(campaign.wait_minutes, "minute")),
        _fact("Stops at", rule(campaign)),
        _fact("Model", model(campaign)),
    ]
    if campaign.started_at is not None:
        rows.append(_fact("Started", instant(campaign.started_at)))
    if campaign.released_at is not None:
        rows.append(_fact("Rest let go", instant(campaign.released_at)))
    if campaign.ended_at is not None:
        rows.append(_fact("Ended", instant(campaign.ended_at)))
    if campaign.started_at is not None:
        rows.append(_fact("Messages", "Show them in the mailbox", messages_url(campaign)))
    return rows


def start_facts(campaign: Campaign, reach: Reach, standing: Standing | None) -> list[dict[str, str]]:
    """Return what leaves when a campaign is started."""
    first = min(campaign.first_cohort, reach.mailable)
    rest = reach.mailable - first
    left_out = f"; {reach.held_back:,} suppressed and left out" if reach.held_back else ""
    part = f", {campaign.segment.name}" if campaign.segment else ""
    rows = [
        _fact("To", f"{campaign.mailing_list.name}{part}"),
        _fact("Recipients", f"{reach.mailable:,}{left_out}"),
        _fact("From", campaign.from_name),
        _fact("Replies go to", campaign.reply_to or "The address it comes from"),
        _fact("First cohort", f"{first:,}, at once"),
    ]
    if rest:
        wait = _count(campaign.wait_minutes, "minute")
        rows.append(
            _fact("The rest", f"{rest:,}, {wait} after the first cohort has gone, unless the rule stops it")
        )
    rows += [_fact("Stops at", rule(campaign)), _fact("Pace", pace(standing, reach.mailable))]
    return rows


def rule(campaign: Campaign) -> str:
    """Return what stops a campaign by itself."""
    complaints = _count(campaign.stop_complaints, "complaint")
    return f"{complaints} or {campaign.stop_bounce_percent} % hard bounces"


def model(campaign: Campaign) -> str:
    """Return what the model says a campaign earns."""
    if campaign.model_low_minor is None or campaign.model_high_minor is None:
        return "None"
    low, high = (
        format_minor(minor, cents=False) for minor in (campaign.model_low_minor, campaign.model_high_minor)
    )
    return f"{low} to {high}"


def pace(standing: Standing | None, count: int) -> str:
    """Return how fast mail goes out and how long so many take."""
    if standing is None:
        return "Not known before SES has been asked; that happens with the first message"
    if standing.closed:
        return "The day's quota of SES is used up; mail goes on as it comes back"
    if standing.rate is None:
        return "No limit, as mail is laid in the mailbox folder and goes to nobody"
    return f"{standing.rate:.3g} a second, {duration(count / standing.rate)} for {count:,}"


def duration(seconds: float) -> str:
    """Return a length of time as people say it."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 120:
        return f"about {_count(minutes, 'minute')}"
    return f"about {_count(round(minutes / 60), 'hour')}"


def instant(at: dt.datetime | None) -> str:
    """Return an instant on the portfolio's clock."""
    return f"{at.astimezone(clock.zone()):%-d %b %Y, %H:%M %Z}" if at else ""


def messages_url(campaign: Campaign, **asked: str) -> str:
    """Return the way to a campaign's messages in the mailbox."""
    return f"{reverse('mail:mailbox')}?{urlencode({'campaign': campaign.pk, **asked})}"


def _fact(label: str, text: str, url: str = "") -> dict[str, str]:
    return {"label": label, "text": text, "url": url}


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
