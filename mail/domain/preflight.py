"""The checks before a campaign starts: would SES take it, would readers' servers, and is it lawful and whole.

Each check is a verdict and a sentence that says what to do. What cannot be asked is unknown, never passed. Only a fail keeps
a campaign from starting.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from fractions import Fraction
from typing import Literal
from urllib.parse import urlsplit

import dns.exception
import dns.resolver
from django.conf import settings

from mail import transport
from mail.domain import campaign_mail, campaign_results, compose, lists
from mail.domain.fields import UnsendableError
from mail.models import Campaign, Notification
from mail.transport import Account, Identity

Verdict = Literal["pass", "warn", "fail", "unknown"]

DNS_SECONDS = 2.0
_STAYS_HERE = "Mail stays on this machine, so SES was not asked."
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_POLICIES = frozenset({"none", "quarantine", "reject"})


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what, how it stands, and what to do about it."""

    name: str
    verdict: Verdict
    sentence: str


def checks(
    *, campaign: Campaign, at: dt.datetime, resolver: dns.resolver.Resolver | None = None
) -> tuple[Check, ...]:
    """Look at everything and return each finding. Asks SES and, by ``resolver`` (this machine's own), the name service."""
    reach = lists.reachable(mailing_list=campaign.mailing_list, segment=campaign.segment)
    return (
        _recipients(reach),
        *_mail(campaign),
        *_ses(reach.mailable),
        _dmarc(resolver),
        _headroom("Complaints", "complaint", campaign_results.complaint_threshold(reach.mailable), campaign.stop_complaints),
        _headroom(
            "Hard bounces", "hard bounce", campaign_results.bounce_threshold(reach.mailable),
            campaign_results.rounded_up(Fraction(campaign.stop_bounce_percent * reach.mailable, 100)),
        ),
    )  # fmt: skip


def blocks(found: tuple[Check, ...]) -> bool:
    """Tell whether one of the checks keeps a campaign from starting."""
    return any(check.verdict == "fail" for check in found)


def _recipients(reach: lists.Reach) -> Check:
    if not reach.mailable:
        return Check(
            "Recipients", "fail", "Nobody may be mailed. Import subscribers, or choose another segment."
        )
    left = ""
    if reach.held_back:
        verb = "is" if reach.held_back == 1 else "are"
        left = f"; {reach.held_back:,} more {verb} suppressed and left out"
    people = "1 person gets" if reach.mailable == 1 else f"{reach.mailable:,} people get"
    return Check("Recipients", "pass", f"{people} it{left}.")


def _mail(campaign: Campaign) -> Iterator[Check]:
    """Look at the mail itself, as one reader would get it."""
    if not campaign.subject.strip() or not campaign.body.strip():
        yield Check("Subject and text", "fail", "The subject or the text is empty. Write both.")
    try:
        mail = campaign_mail.sample(campaign)
    except (compose.CannotComposeError, UnsendableError) as error:
        yield Check("Mail", "fail", f"The mail cannot be made: {error}")
        return
    if campaign.subject.strip() and campaign.body.strip():
        yield Check("Subject and text", "pass", "Both are there, and the mail has a plain-text part.")
    if settings.POSTAL_ADDRESS.strip():
        yield Check("Postal address", "pass", f"The foot of the mail says {settings.POSTAL_ADDRESS}.")
    else:
        yield Check(
            "Postal address", "fail",
            "Commercial mail must say where we are. Set POSTAL_ADDRESS and start Quarterdeck again.",
        )  # fmt: skip
    yield _unsubscribing(mail)
    size = len(mail.wire)
    if size > campaign_mail.CLIPPED_AT:
        yield Check(
            "Size", "fail",
            f"The mail is {size / 1024:.0f} KB, and Gmail cuts off what is beyond 102 KB, the unsubscribe link with it. "
            "Shorten the text.",
        )  # fmt: skip
    else:
        yield Check("Size", "pass", f"The mail is {size / 1024:.0f} KB; mail programs show up to 102 KB.")


def _unsubscribing(mail: compose.OutgoingMail) -> Check:
    link = mail.extra_headers.get("List-Unsubscribe", "")
    if mail.extra_headers.get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" or not link:
        return Check(
            "Unsubscribing", "fail", "The mail lacks its unsubscribe headers; it is not commercial mail."
        )
    if link.startswith("<https://"):
        return Check("Unsubscribing", "pass", "One click unsubscribes, without signing in.")
    stays_here = settings.MAIL_TRANSPORT != "ses" or urlsplit(settings.BASE_URL).hostname in _LOOPBACK
    return Check(
        "Unsubscribing",
        "warn" if stays_here else "fail",
        "Mail programs offer one-click unsubscribing by https alone. Set BASE_URL to an address with https.",
    )


def _ses(recipients: int) -> Iterator[Check]:
    if settings.MAIL_TRANSPORT != "ses":
        for name in ("Daily quota", "Duration", "Sandbox", "Sender verified", "DKIM", "SPF", "Feedback"):
            yield Check(name, "unknown", _STAYS_HERE)
        return
    account = transport.account()
    yield _quota(account, recipients)
    yield _duration(account, recipients)
    yield _sandbox(account)
    identity = transport.identity()
    yield _verified(identity)
    yield _dkim(identity)
    yield _spf(identity)
    yield _feedback()


def _quota(account: Account, recipients: int) -> Check:
    if account.daily is None or account.used is None:
        return Check("Daily quota", "unknown", _why(account))
    if account.daily < 0:
        return Check("Daily quota", "pass", "SES sets this account no limit for a day.")
    left = max(int(account.daily - account.used), 0)
    if left < recipients:
        return Check(
            "Daily quota", "fail",
            f"SES takes {left:,} more messages in these 24 hours and this campaign needs {recipients:,}. "
            "Wait, choose a segment, or ask Amazon for a larger quota.",
        )  # fmt: skip
    return Check(
        "Daily quota",
        "pass",
        f"SES takes {left:,} more messages in these 24 hours; {recipients:,} are needed.",
    )


def _duration(account: Account, recipients: int) -> Check:
    if not account.rate:
        return Check("Duration", "unknown", _why(account))
    minutes = -(-recipients // max(int(account.rate * 60), 1))
    return Check(
        "Duration", "pass",
        f"At {account.rate:g} a second, sending takes about {minutes:,} minute{'' if minutes == 1 else 's'}, "
        "beside the wait after the first cohort.",
    )  # fmt: skip


def _sandbox(account: Account) -> Check:
    if account.sending is False:
        return Check(
            "Sandbox",
            "fail",
            "SES has stopped this account from sending. Ask Amazon why, in the SES console.",
        )
    if account.production is None:
        return Check("Sandbox", "unknown", _why(account))
    if account.production:
        return Check("Sandbox", "pass", "The account is out of the sandbox.")
    return Check(
        "Sandbox", "fail",
        "The account is in the sandbox, where SES mails only addresses that were verified. Ask for production access.",
    )  # fmt: skip


def _verified(identity: Identity) -> Check:
    if identity.verified is None:
        return Check("Sender verified", "unknown", identity.why)
    if identity.verified:
        return Check("Sender verified", "pass", f"SES knows {identity.name} as ours.")
    return Check(
        "Sender verified", "fail", f"SES does not know {identity.name} as ours. Verify it in the SES console."
    )


def _dkim(identity: Identity) -> Check:
    if identity.dkim is None:
        return Check("DKIM", "unknown", identity.why)
    if identity.dkim:
        return Check("DKIM", "pass", f"Mail from {identity.name} is signed.")
    return Check(
        "DKIM", "fail",
        f"Mail from {identity.name} is not signed, and Gmail and Yahoo refuse bulk mail without DKIM. "
        "Turn Easy DKIM on in the SES console and add its three records.",
    )  # fmt: skip


def _spf(identity: Identity) -> Check:
    if identity.mail_from_found is None:
        return Check("SPF", "unknown", identity.why or f"SES does not know {identity.name} as ours.")
    if not identity.mail_from:
        return Check(
            "SPF", "pass", "Mail goes out under Amazon's own bounce domain, whose SPF record is right."
        )
    if identity.mail_from_found:
        return Check(
            "SPF", "pass", f"Bounces go to {identity.mail_from}, and SES finds its MX and SPF records."
        )
    return Check(
        "SPF",
        "warn",
        f"SES does not find the MX and SPF records of our bounce domain {identity.mail_from}. "
        "Add them as the SES console shows.",
    )


def _feedback() -> Check:
    missing = [
        name
        for name, value in (
            ("SES_CONFIGURATION_SET", settings.SES_CONFIGURATION_SET),
            ("SNS_TOPIC_ARNS", settings.SNS_TOPIC_ARNS),
        )
        if not value
    ]
    if missing:
        return Check(
            "Feedback", "fail",
            f"Bounces and complaints would not be seen, and the stop rule would be blind. Set {' and '.join(missing)}.",
        )  # fmt: skip
    if not Notification.objects.filter(topic_arn__in=settings.SNS_TOPIC_ARNS).exists():
        return Check(
            "Feedback", "warn",
            "SES has told nothing yet, so nobody knows whether its bounces and complaints reach us. Send a test and wait "
            "for its event.",
        )  # fmt: skip
    return Check("Feedback", "pass", "SES reports bounces and complaints to us.")


def _dmarc(resolver: dns.resolver.Resolver | None) -> Check:
    domain = parseaddr(settings.SES_FROM_ADDRESS)[1].rpartition("@")[2]
    if settings.MAIL_TRANSPORT != "ses" and resolver is None:
        return Check("DMARC", "unknown", "Mail stays on this machine, so the name service was not asked.")
    try:
        policy = _policy(domain, resolver or dns.resolver.get_default_resolver())
    except (dns.exception.DNSException, OSError) as error:
        return Check(
            "DMARC", "unknown",
            f"The name service did not say what policy {domain} has ({type(error).__name__}). Look again later.",
        )  # fmt: skip
    if policy is None:
        return Check(
            "DMARC", "fail",
            f"_dmarc.{domain} has no DMARC record, and Gmail and Yahoo refuse bulk mail without one. "
            "Add a TXT record: v=DMARC1; p=none; rua=mailto:…",
        )  # fmt: skip
    if policy == "none":
        return Check(
            "DMARC", "warn", f"{domain} has p=none: others may send in its name. Move to p=quarantine."
        )
    if policy not in _POLICIES:
        return Check("DMARC", "warn", f"{domain} has a DMARC record whose policy cannot be read. Mend it.")
    return Check("DMARC", "pass", f"{domain} has p={policy}.")


def _policy(domain: str, resolver: dns.resolver.Resolver) -> str | None:
    """Return the policy a domain's DMARC record states, else that of its nearest parent; None where there is none.

    Raises:
        dns.exception.DNSException: the name service could not be asked.
    """
    labels = domain.split(".")
    # Never a single label. A public suffix of two, as co.uk, has no such record, so asking it does no harm.
    for start in range(max(len(labels) - 1, 1)):
        record = _record(f"_dmarc.{'.'.join(labels[start:])}", resolver)
        if record is not None:
            return record.get("sp" if start else "p") or record.get("p", "")
    return None


def _record(name: str, resolver: dns.resolver.Resolver) -> dict[str, str] | None:
    try:
        answers = resolver.resolve(name, "TXT", lifetime=DNS_SECONDS, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return None
    for answer in answers:
        text = b"".join(answer.strings).decode("utf-8", "replace")
        tags = {
            key.strip().lower(): value.strip().lower()
            for key, _, value in (part.partition("=") for part in text.split(";"))
        }
        if tags.get("v") == "dmarc1":
            return tags
    return None


def _headroom(name: str, noun: str, threshold: campaign_results.Threshold, stops_at: int) -> Check:
    told = (
        f"At {threshold.review:,} {noun}{'' if threshold.review == 1 else 's'} SES reviews the account, at {threshold.pause:,} it stops it; "
        f"this campaign stops itself at {stops_at:,}."
    )
    if not threshold.review:
        return Check(name, "unknown", "Nobody is to be mailed, so there is no threshold.")
    if stops_at >= threshold.pause:
        return Check(name, "warn", f"{told} Let it stop earlier.")
    return Check(name, "pass", told)


def _why(account: Account) -> str:
    return account.why or "SES did not say."
