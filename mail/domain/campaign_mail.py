"""The mail of a campaign: its text laid out once, and for each reader only what is theirs put in.

What all readers get alike (Markdown, layout, inlined styles) is made once for each text in each process and kept.
`build` then makes one reader's mail, bytes and all, in a fraction of a millisecond; `compose.build` would make the same of
what `compose_mail` returns, and the tests hold the two together.
"""

import binascii
import functools
import re
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate

import css_inline
from django.conf import settings
from django.core.mail.message import forbid_multi_line_headers
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import mark_safe

from mail.domain import campaign_body, compose, fields, unsubscribe
from mail.domain.compose import CannotComposeError, Composed, OutgoingMail
from mail.models import Campaign, Kind, Message

CAMPAIGN = "mail.campaign"
TEST = "mail.campaign_test"

# What a reader without a name is called.
NOBODY = "there"
# Gmail shows no more of a mail than this and hides the rest, the unsubscribe link with it.
CLIPPED_AT = 102 * 1024

_MARK = re.compile("([" + "".join(campaign_body.MARKS.values()) + "])")
_MEANING = {mark: name for name, mark in campaign_body.MARKS.items()}
# So many texts are kept; campaigns under way at once are few.
_KEPT = 16

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A campaign's mail as all readers get it: text, mark's meaning, text, mark's meaning, …, text."""

    html: Parts
    text: Parts


_layouts: dict[tuple[object, ...], Layout] = {}
_lock = threading.Lock()


def layout(campaign: Campaign) -> Layout:
    """Return a campaign's text laid out, from the last time if it has not changed.

    Raises:
        CannotComposeError: its body cannot be mailed.
    """
    mailing_list = campaign.mailing_list
    version = (
        campaign.pk, campaign.subject, campaign.body, campaign.from_name, mailing_list.name, mailing_list.purpose,
        settings.POSTAL_ADDRESS,
    )  # fmt: skip
    kept = _layouts.get(version)
    if kept is None:
        kept = _laid_out(campaign)
        with _lock:
            while len(_layouts) >= _KEPT:
                _layouts.pop(next(iter(_layouts)))
            _layouts[version] = kept
    return kept


def compose_mail(message: Message, secret: str | None) -> Composed:
    """Return one reader's mail, for whoever wants it in parts; registered as `CAMPAIGN` and `TEST`.

    Raises:
        CannotComposeError: the campaign is gone, or its body cannot be mailed.
    """
    common = layout(_campaign(message))
    link = unsubscribe.link(message)
    return Composed(
        subject=message.subject,
        text=_filled(common.text, _words(message.to_name, link)),
        html=_filled(common.html, _escaped(_words(message.to_name, link))),
        headers=unsubscribe.headers(message),
    )


def build(message: Message) -> OutgoingMail:
    """Return one reader's mail ready to travel: what `compose.build` makes of `compose_mail`, much quicker.

    Raises:
        UnsendableError: a name, address or subject that no mail can bear.
        CannotComposeError: the campaign is gone, or its body cannot be mailed.
    """
    common = layout(_campaign(message))
    link = unsubscribe.link(message)
    headers = unsubscribe.headers(message, page=link)
    words = _words(message.to_name, link)
    text = _filled(common.text, words)
    html = _filled(common.html, _escaped(words))
    subject, sender, reply_to = _envelope(
        message.subject, message.from_name, message.reply_to, settings.SES_FROM_ADDRESS
    )
    to = fields.mailbox(
        fields.one_line(message.to_name, what="recipient's name", longest=120),
        fields.address(message.to_address, what="recipient"),
    )
    own = {
        **dict(compose.checked_headers(headers)),
        **compose.own_headers(message),
    }
    mail = OutgoingMail(
        subject=subject,
        body=text,
        from_email=sender,
        to=[to],
        reply_to=[reply_to] if reply_to else [],
        headers=own,
    )
    mail.attach_alternative(html, "text/html")
    boundary = f"=={uuid.uuid4().hex}=="
    lines = [
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        "MIME-Version: 1.0",
        f"Subject: {_subject_line(subject)}",
        f"From: {sender}",
        f"To: {to}",
        *([f"Reply-To: {reply_to}"] if reply_to else []),
        f"Date: {formatdate()}",
        *(f"{name}: {value}" for name, value in own.items()),
    ]
    head = "\r\n".join(lines)
    if not head.isascii():
        raise fields.UnsendableError("A header of this mail is not ASCII; mend the address it holds.")
    mail.wire = b"".join((
        head.encode("ascii"), b"\r\n\r\n--", boundary.encode("ascii"), _TEXT_PART, _quoted(text),
        b"\r\n--", boundary.encode("ascii"), _HTML_PART, _quoted(html), b"\r\n--", boundary.encode("ascii"), b"--\r\n",
    ))  # fmt: skip
    return mail


def preview(*, campaign: Campaign, name: str = "", address: str = "reader@example.com") -> Composed:
    """Return the mail as a reader of that name would get it; its unsubscribe link leads nowhere.

    Raises:
        CannotComposeError: the body cannot be mailed.
    """
    message = Message(
        composer=CAMPAIGN, kind=Kind.COMMERCIAL, campaign=campaign, to_address=address, to_name=name,
        subject=campaign.subject, from_name=campaign.from_name, reply_to=campaign.reply_to,
    )  # fmt: skip
    return compose_mail(message, None)


def sample(campaign: Campaign) -> OutgoingMail:
    """Return a mail of a campaign as it would travel to somebody with a long name, for the checks before it starts.

    Raises:
        UnsendableError: its subject or sender's name cannot stand in a header.
        CannotComposeError: its body cannot be mailed.
    """
    return build(
        Message(
            composer=CAMPAIGN,
            kind=Kind.COMMERCIAL,
            campaign=campaign,
            to_address="reader@example.com",
            to_name="Maximiliana Featherstonehaugh",
            subject=campaign.subject,
            from_name=campaign.from_name,
            reply_to=campaign.reply_to,
        )
    )


_TEXT_PART, _HTML_PART = (
    f'\r\nMIME-Version: 1.0\r\nContent-Type: text/{kind}; charset="utf-8"\r\n'
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
    for kind in ("plain", "html")
)


def _campaign(message: Message) -> Campaign:
    if message.composer != TEST:
        if message.campaign is None:
            raise CannotComposeError("This mail belongs to no campaign.")
        return message.campaign
    found = Campaign.objects.select_related("mailing_list").filter(pk=message.payload.get("campaign")).first()
    if found is None:
        raise CannotComposeError("The campaign this mail tests is gone.")
    return found


def _laid_out(campaign: Campaign) -> Layout:
    try:
        body = campaign_body.read(campaign.body)
    except campaign_body.BodyRefusedError as error:
        raise CannotComposeError(str(error)) from None
    context = {
        "subject": campaign.subject,
        "from_name": campaign.from_name,
        "list": campaign.mailing_list,
        "postal_address": settings.POSTAL_ADDRESS,
        "stop_link": campaign_body.MARKS["stop_link"],
    }
    # The body's HTML is cleaned, tag by tag.
    html = render_to_string("mail/campaign.html", {**context, "body": mark_safe(body.html)})  # noqa: S308
    inlined = css_inline.inline(html, keep_style_tags=False, load_remote_stylesheets=False)
    text = render_to_string("mail/campaign.txt", {**context, "body": body.text})
    return Layout(html=_parts(inlined), text=_parts(text))


def _parts(whole: str) -> Parts:
    return tuple(
        _MEANING.get(part, part) if place % 2 else part for place, part in enumerate(_MARK.split(whole))
    )


def _filled(parts: Parts, words: Mapping[str, str]) -> str:
    return "".join(words[part] if place % 2 else part for place, part in enumerate(parts))


def _words(name: str, link: str) -> dict[str, str]:
    known = name.strip() or NOBODY
    return {"name": known, "first_name": known.split()[0], "stop_link": link}


def _escaped(words: Mapping[str, str]) -> dict[str, str]:
    return {meaning: escape(word) for meaning, word in words.items()}


@functools.lru_cache(maxsize=_KEPT)
def _envelope(subject: str, from_name: str, reply_to: str, ours: str) -> tuple[str, str, str]:
    """Return subject, sender and reply-to address as headers bear them, checked."""
    return (
        compose.subject_line(subject),
        compose.sender(from_name, ours=ours),
        fields.address(reply_to, what="reply-to address") if reply_to else "",
    )


@functools.lru_cache(maxsize=_KEPT)
def _subject_line(subject: str) -> str:
    """Return a subject as Django writes it: encoded where it must be, folded where it is long."""
    line: str = forbid_multi_line_headers("Subject", subject, "utf-8")[1]
    return line.replace("\r\n", "\n").replace("\n", "\r\n")


def _quoted(text: str) -> bytes:
    return binascii.b2a_qp(text.replace("\n", "\r\n").encode(), istext=True)
