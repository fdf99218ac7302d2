"""Composing: from an outbox row to the mail itself, anew at each try.

Upper apps register a composer by name in ``AppConfig.ready()``; a row bears that name and a payload of ids. The
composer returns a `Composed`; `build` makes Django's message of it, and `prepare` does both. Sending is
`mail.domain.delivery`'s.

The parts nest as every reader expects them, outermost first, each layer only where it is needed::

    multipart/mixed            attached files
      multipart/related        images the HTML shows by content id
        multipart/alternative  plain text first, HTML last
"""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.charset import QP, Charset
from email.encoders import encode_base64
from email.mime.base import MIMEBase
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import SafeMIMEMultipart

from mail.domain import fields
from mail.models import Message

LONGEST_SUBJECT = 250

# Quoted-printable keeps every line short and 7-bit, whatever relay it passes.
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_MIMETYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")
_CONTENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")
# The outbox writes these itself; a composer that set them could send to, or as, somebody else.
_OURS = frozenset({
    "auto-submitted", "bcc", "cc", "content-transfer-encoding", "content-type", "date", "from", "message-id",
    "mime-version", "reply-to", "return-path", "sender", "subject", "to", "x-quarterdeck-message",
})  # fmt: skip


@dataclass(frozen=True)
class InlineImage:
    """An image the HTML shows as ``<img src="cid:CID">``. PNG or JPEG: mail readers drop SVG."""

    cid: str
    filename: str
    mimetype: str
    content: bytes


@dataclass(frozen=True)
class Attachment:
    """A file that travels with the mail."""

    filename: str
    mimetype: str
    content: bytes


@dataclass(frozen=True)
class Composed:
    """What a composer returns. ``text`` is never empty; without ``html`` the mail is plain text alone."""

    subject: str
    text: str
    html: str = ""
    inline: tuple[InlineImage, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


# A composer takes the row and the opened secret: None where the row has none, or it is gone already.
Composer = Callable[[Message, str | None], Composed]
# A builder makes the mail of thousands of rows that differ in little, the same as `build` makes of their `Composed`.
Builder = Callable[[Message], "OutgoingMail"]


class CannotComposeError(Exception):
    """A composer cannot make this mail and never will, a row it needs being gone; the message is a sentence."""


# What a mail bears whose composer makes its codes or links itself, anew for each try: there is nothing to seal.
MADE_WHEN_SENT = "made when sent"

_makers: set[str] = set()
_composers: dict[str, Composer] = {}
_builders: dict[str, Builder] = {}


def register(
    name: str, composer: Composer, *, builder: Builder | None = None, makes_secrets: bool = False
) -> None:
    """Give a composer its name, ``app.mail``; called from ``AppConfig.ready()``. ``builder`` is a quicker way there.

    One that ``makes_secrets`` makes the codes or links of its mail whenever it is given `MADE_WHEN_SENT`, and ends those
    it made for that mail before; so its mail can go again after it failed.

    Raises:
        ValueError: another composer has that name.
    """
    if _composers.setdefault(name, composer) is not composer:
        raise ValueError(f"Two composers are called {name!r}; rename one of them.")
    if builder is not None:
        _builders[name] = builder
    if makes_secrets:
        _makers.add(name)


def may_go_again(message: Message) -> bool:
    """Tell whether a mail can be made a second time: not where it bore a code or link that is no longer kept."""
    return not message.bears_secret or message.composer in _makers


def is_registered(name: str) -> bool:
    """Tell whether a composer has that name."""
    return name in _composers


def names() -> list[str]:
    """Return the names of all composers, in order."""
    return sorted(_composers)


def compose(message: Message, secret: str | None = None) -> Composed:
    """Ask the message's composer for its mail.

    Raises:
        CannotComposeError: no composer has that name (its app is not installed), or the composer says so.
    """
    if message.composer not in _composers:
        raise CannotComposeError(
            f"No composer is called {message.composer!r}: the app that wrote this message is not installed here."
        )
    return _composers[message.composer](message, secret)


def prepare(message: Message, secret: str | None = None) -> "OutgoingMail":
    """Compose and build a message, its bytes made; for one try, like `build`.

    Raises:
        UnsendableError: a header, name or content id that no mail can bear.
        CannotComposeError: no composer has that name, or it cannot make this mail.
    """
    builder = _builders.get(message.composer)
    mail = build(message, compose(message, secret)) if builder is None else builder(message)
    _ = mail.wire
    return mail


class _Made:
    """A mail whose bytes are made already, as Django's backends ask for them."""

    def __init__(self, wire: bytes) -> None:
        self.wire = wire

    def as_bytes(self, unixfrom: bool = False, linesep: str = "\r\n") -> bytes:
        """Return the bytes, lines ending in CR LF unless asked otherwise."""
        return self.wire if linesep == "\r\n" else self.wire.replace(b"\r\n", linesep.encode("ascii"))


class OutgoingMail(EmailMultiAlternatives):
    """Django's message with inline images inside ``multipart/related``, where Outlook and Apple Mail look.

    ``wire`` is what travels, made once: from then on the mail must not be changed.
    """

    encoding = _UTF8
    inline: tuple[MIMEBase, ...] = ()

    @functools.cached_property
    def wire(self) -> bytes:
        """Return the bytes as they travel, lines ending in CR LF."""
        whole: bytes = super().message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own keyword
        return whole

    def message(self, **policy):  # type: ignore[no-untyped-def]
        """Return what a backend asks for bytes; those made already, where they are."""
        return _Made(self.wire) if "wire" in self.__dict__ else super().message(**policy)

    def _create_alternatives(self, msg):  # type: ignore[no-untyped-def]
        body = super()._create_alternatives(msg)  # type: ignore[misc]  # its stubs leave it out
        if not self.inline:
            return body
        related = SafeMIMEMultipart("related", encoding="utf-8", type=body.get_content_type())
        related.attach(body)
        for image in self.inline:
            related.attach(image)
        return related


def blind_copy(message: Message) -> str:
    """Return the bare audit address where this message goes in blind copy, else an empty string."""
    return _bare(settings.ADMIN_BCC_ADDRESS) if message.bcc_audit else ""


def build(message: Message, composed: Composed) -> OutgoingMail:
    """Return a fresh Django message for one try; a blind copy is in the envelope only, never in a header.

    A fresh one each time: a backend writes its answer into ``extra_headers``, which a second try would send.

    Raises:
        UnsendableError: a header, name or content id that no mail can bear.
        CannotComposeError: the composer left the plain text empty.
    """
    if not composed.text.strip():
        raise CannotComposeError(
            f"The composer {message.composer!r} wrote no plain text; every mail needs a part that any reader shows."
        )
    headers = {**dict(checked_headers(composed.headers)), **own_headers(message)}
    bcc = blind_copy(message)
    mail = OutgoingMail(
        subject=subject_line(composed.subject),
        body=composed.text,
        from_email=sender(message.from_name, ours=settings.SES_FROM_ADDRESS),
        to=[
            fields.mailbox(
                fields.one_line(message.to_name, what="recipient's name", longest=120),
                fields.address(message.to_address, what="recipient"),
            )
        ],
        bcc=[fields.address(bcc, what="audit address")] if bcc else [],
        reply_to=[fields.address(message.reply_to, what="reply-to address")] if message.reply_to else [],
        headers=headers,
    )
    if composed.html:
        mail.attach_alternative(composed.html, "text/html")
    cids = [image.cid for image in composed.inline]
    if len(set(cids)) != len(cids):
        raise fields.UnsendableError("Two inline images share one content id; give each its own.")
    mail.inline = tuple(_file_part(image, disposition="inline", cid=image.cid) for image in composed.inline)
    for attachment in composed.attachments:
        mail.attach(_file_part(attachment, disposition="attachment"))
    return mail


def subject_line(text: str) -> str:
    """Return a subject as a header bears it.

    Raises:
        UnsendableError: no header can.
    """
    return fields.subject(fields.one_line(text, what="subject", longest=LONGEST_SUBJECT))


def sender(name: str, *, ours: str) -> str:
    """Return our own verified address under a name.

    Raises:
        UnsendableError: no header can bear the name.
    """
    return fields.mailbox(fields.one_line(name, what="sender's name", longest=120), _bare(ours))


def own_headers(message: Message) -> dict[str, str]:
    """Return what the outbox itself writes into every mail: what this row is called wherever the mail goes.

    Events, bounces and people's forwards lead back to it.
    """
    domain = _bare(settings.SES_FROM_ADDRESS).rpartition("@")[2]
    return {
        "X-Quarterdeck-Message": str(message.public_id),
        "Message-ID": f"<{message.public_id}.{message.tries}@{domain}>",
        "Auto-Submitted": "auto-generated",
    }


def checked_headers(headers: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Return a composer's own headers.

    Raises:
        UnsendableError: it may not set one of them, or no mail can bear it.
    """
    checked = []
    for name, value in headers:
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS or name.lower().startswith("x-ses-"):
            raise fields.UnsendableError(f"A composer may not set the header {name!r}.")
        checked.append((name, fields.one_line(value, what=f"header {name}", longest=900)))
    return checked


@functools.lru_cache(maxsize=8)
def _bare(ours: str) -> str:
    """Return an address of the settings without its name; the same few are asked for with every mail."""
    return parseaddr(ours)[1]


def _file_part(file: InlineImage | Attachment, *, disposition: str, cid: str | None = None) -> MIMEBase:
    """Return a base64 part. Built by hand, because Django would re-code text files and has no content ids."""
    if not _MIMETYPE.fullmatch(file.mimetype):
        raise fields.UnsendableError(f"{file.mimetype!r} is not a media type; write it as image/png.")
    if cid is not None and not _CONTENT_ID.fullmatch(cid):
        raise fields.UnsendableError(
            f"The content id {cid!r} may hold letters, digits, dots, dashes and underscores."
        )
    filename = fields.one_line(file.filename, what="file name", longest=120)
    maintype, subtype = file.mimetype.split("/")
    part = MIMEBase(maintype, subtype)
    part.set_payload(file.content)
    encode_base64(part)
    if filename.isascii():
        part.add_header("Content-Disposition", disposition, filename=filename)
    else:
        part.add_header("Content-Disposition", disposition, filename=("utf-8", "", filename))
    if cid is not None:
        part.add_header("Content-ID", f"<{cid}>")
        part.add_header("X-Attachment-Id", cid)
    return part
