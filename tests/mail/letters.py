"""Composers the tests register, and the row they usually start from."""

import datetime as dt
import struct
import zlib
from typing import Any

from mail.domain import compose, outbox
from mail.models import Message

AT = dt.datetime(2026, 11, 10, 17, 0, tzinfo=dt.UTC)
LETTER = "tests.letter"
CODE = "tests.code"
GONE = "tests.gone"
BROKEN = "tests.broken"


def png(width: int = 8, height: int = 5) -> bytes:
    """Return a valid PNG, so that what a mail reader gets is what a chart would be."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\x00" + bytes([15, 76, 117]) * width for _ in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) + b"\n%%EOF\n"


def compose_letter(message: Message, secret: str | None) -> compose.Composed:
    """A report as reports send it: text, HTML, a chart by content id, a PDF beside it."""
    return compose.Composed(
        subject=message.subject,
        text="Net burn is $8,130 — three-month mean.\nBreak-even: 6 charters.",
        html=(
            "<!doctype html><html><head><title>CEO</title></head><body>"
            '<p style="color:#0d2438">Net burn is <b>$8,130</b> — three-month mean.</p>'
            '<img src="cid:burn" alt="Burn by month"><img src="https://tracker.example.com/x.png" alt="">'
            "</body></html>"
        ),
        inline=(compose.InlineImage("burn", "burn.png", "image/png", png()),),
        attachments=(compose.Attachment("ceo-2026-10.pdf", "application/pdf", PDF),),
        headers=(("X-Edition", str(message.payload.get("edition", ""))),),
    )


def compose_code(message: Message, secret: str | None) -> compose.Composed:
    """A sign-in code: plain text, no copy."""
    return compose.Composed(subject=message.subject, text=f"Your code is {secret or 'not kept'}.")


def compose_gone(message: Message, secret: str | None) -> compose.Composed:
    """A composer whose record has been deleted."""
    raise compose.CannotComposeError("Edition 7 no longer exists.")


def compose_broken(message: Message, secret: str | None) -> compose.Composed:
    """A composer with a mistake in it."""
    raise ZeroDivisionError("division by zero")


for _name, _composer in (
    (LETTER, compose_letter),
    (CODE, compose_code),
    (GONE, compose_gone),
    (BROKEN, compose_broken),
):
    compose.register(_name, _composer)


def enqueue(**changes: Any) -> Message:
    """Put a report mail to the owner into the outbox, with some things different."""
    asked: dict[str, Any] = {
        "dedupe_key": "edition:7:to:owner@example.com",
        "composer": LETTER,
        "payload": {"edition": 7},
        "to_address": "owner@example.com",
        "to_name": "Olive Owner",
        "from_name": "CEO Report",
        "reply_to": "ceo@example.com",
        "subject": "[EXEC REPORT] CEO, October 2026, edition 7",
        "bcc_audit": True,
        "at": AT,
        **changes,
    }
    row = outbox.enqueue(**asked)
    return row.message if isinstance(row, outbox.Skipped) else row


def enqueue_code(**changes: Any) -> Message:
    """Put a sign-in code into the outbox."""
    asked: dict[str, Any] = {
        "dedupe_key": "code:1",
        "composer": CODE,
        "payload": {},
        "subject": "Your Quarterdeck sign-in code",
        "bcc_audit": False,
        "secret": "WDJB-MJHT",
        **changes,
    }
    return enqueue(**asked)
