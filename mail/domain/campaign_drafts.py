"""A draft of a campaign: what a person decides about it, and whether that can be mailed at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mail.domain import campaign_body, fields
from mail.domain.fields import UnsendableError
from mail.models import MailingList, Segment

_MOST_COHORT = 1_000_000
_MOST_MINUTES = 7 * 24 * 60
_MOST_MINOR = 10**12


class CampaignRefusedError(ValueError):
    """A campaign cannot do what was asked; the message is a sentence, ``problems`` each reason of several."""

    def __init__(self, *problems: str) -> None:
        """Take one sentence or several."""
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person decides about a campaign before it starts. Amounts are cents of US dollars."""

    name: str
    mailing_list: MailingList
    segment: Segment | None
    subject: str
    from_name: str
    reply_to: str
    body: str
    first_cohort: int = 100
    wait_minutes: int = 60
    stop_complaints: int = 2
    stop_bounce_percent: int = 2
    model_low_minor: int | None = None
    model_high_minor: int | None = None
    model_booking_minor: int | None = None


def checked(draft: Draft) -> dict[str, Any]:
    """Return the columns of a draft, cleaned.

    Raises:
        CampaignRefusedError: with every reason.
    """
    values = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
    problems: list[str] = []

    def clean(name: str, cleaner: Any, *arguments: Any, **named: Any) -> None:
        try:
            values[name] = cleaner(values[name], *arguments, **named)
        except campaign_body.BodyRefusedError as error:
            problems.extend(error.problems)
        except UnsendableError as error:
            problems.append(str(error))

    for name, what, longest in (
        ("name", "name", 120),
        ("subject", "subject", 200),
        ("from_name", "sender's name", 120),
    ):
        clean(name, fields.one_line, what=what, longest=longest)
        if not values[name]:
            problems.append(f"The {what} is empty; write one.")
    if "{{" in values["subject"] or "{%" in values["subject"]:
        problems.append("The subject holds template braces; it is the same for every reader.")
    if values["reply_to"]:
        clean("reply_to", fields.address, what="reply-to address")
    clean("body", _body)
    if draft.segment is not None and draft.segment.mailing_list_id != draft.mailing_list.pk:
        problems.append(f"The segment {draft.segment} belongs to another list; choose one of this list.")
    problems.extend(_problems_of_figures(draft))
    if problems:
        raise CampaignRefusedError(*problems)
    return values


def _body(body: str) -> str:
    campaign_body.read(body)
    return body.replace("\r\n", "\n").replace("\r", "\n")


def _problems_of_figures(draft: Draft) -> Iterator[str]:
    for name, what, least, most in (
        ("first_cohort", "first cohort", 1, _MOST_COHORT),
        ("wait_minutes", "minutes to wait", 0, _MOST_MINUTES),
        ("stop_complaints", "complaints that stop it", 1, 1_000),
        ("stop_bounce_percent", "percent of hard bounces that stop it", 1, 100),
    ):
        if not least <= getattr(draft, name) <= most:
            yield f"The {what} must be from {least:,} to {most:,}."
    low, high, booking = draft.model_low_minor, draft.model_high_minor, draft.model_booking_minor
    if (low is None) != (high is None) or (low is not None and high is not None and not 0 <= low <= high):
        yield "The model has a low and a high figure, the low one not above the high one."
    if any(amount is not None and amount > _MOST_MINOR for amount in (low, high, booking)):
        yield "The amounts of the model are beyond ten billion dollars; correct them."
    if booking is not None and booking <= 0:
        yield "What one booking brings is more than nothing; leave it empty where it is not known."
