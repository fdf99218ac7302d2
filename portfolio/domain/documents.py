"""Receipts and other documents that prove an entry: looked into, kept under a name of chance, never changed.

What a file is, is told by its bytes and not by its name. Pictures are drawn anew within bounds, so that nothing but the
picture stays; PDF and plain text are kept as they came. A document that is not kept after all leaves no file behind.
"""

import contextlib
import datetime as dt
import hashlib
import io
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from PIL import Image, ImageOps

from core import audit
from portfolio.models import EntryDocument, EntryState, JournalEntry

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 3_000
FOLDER = "receipts"
NAME_LIMIT = 120
_HEIC = re.compile(rb"....ftyp(?:hei[cxms]|hev[cx]|mif1|msf1|avif)", re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
# What Pillow raises over files that are broken or made to break it.
_UNREADABLE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    OverflowError,
    TypeError,
    KeyError,
    IndexError,
)


class DocumentRefusedError(Exception):
    """A file that cannot be attached; the message is a sentence for the person who sent it."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was looked into: what is kept of it, as what, and under which name people know it."""

    content: bytes
    content_type: str
    ending: str
    name: str


def read(*, content: bytes, name: str) -> Document:
    """Look into a file and return what would be kept of it.

    Raises:
        DocumentRefusedError: it is empty, too large, broken, or nothing that proves an entry.
    """
    shown = "".join(letter for letter in name if letter.isprintable()).strip()[-NAME_LIMIT:] or "document"
    if not content:
        raise DocumentRefusedError(f"{shown} is empty; choose the file again.")
    if len(content) > MOST_BYTES:
        raise DocumentRefusedError(f"{shown} is larger than 10 MB; send it at a smaller size.")
    if content.startswith(b"%PDF-"):
        return Document(content, "application/pdf", "pdf", shown)
    if content.startswith(_PICTURES) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP"):
        return Document(_redrawn(content, shown), "image/jpeg", "jpg", shown)
    if _HEIC.match(content):
        raise DocumentRefusedError(
            f"{shown} is a HEIC or AVIF photo, which cannot be read here; set the camera to JPEG and take it again."
        )
    if not _CONTROL.search(content):
        with contextlib.suppress(UnicodeDecodeError):
            content.decode("utf-8")
            is_csv = shown.lower().endswith(".csv")
            return Document(
                content, "text/csv" if is_csv else "text/plain", "csv" if is_csv else "txt", shown
            )
    raise DocumentRefusedError(
        f"{shown} is no document we can keep; send a PDF, a JPEG, PNG or WebP picture, or plain text in UTF-8."
    )


@contextlib.contextmanager
def removed_on_failure() -> Iterator[list[str]]:
    """Collect the names of files that are stored meanwhile, and remove them when what surrounds them fails."""
    stored: list[str] = []
    try:
        yield stored
    except BaseException:
        for name in stored:
            default_storage.delete(name)
        raise


def attach(
    *, entry: JournalEntry, content: bytes, name: str, by: AbstractBaseUser | None, at: dt.datetime
) -> EntryDocument:
    """Attach a document to a posted entry and return it; the same bytes again return the first.

    Raises:
        DocumentRefusedError: the file cannot be kept, or the entry is a draft.
    """
    document = read(content=content, name=name)
    with removed_on_failure() as stored:
        return keep(entry=entry, document=document, stored=stored, by=by, at=at)


def keep(
    *,
    entry: JournalEntry,
    document: Document,
    stored: list[str],
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> EntryDocument:
    """Keep a document that was looked into; ``stored`` comes from `removed_on_failure` around the transaction.

    Raises:
        DocumentRefusedError: the entry is a draft.
    """
    if entry.state != EntryState.POSTED:
        raise DocumentRefusedError("Documents are attached to posted entries; post this one first.")
    sha256 = hashlib.sha256(document.content).hexdigest()
    known = EntryDocument.objects.filter(entry=entry, sha256=sha256).first()
    if known is not None:
        return known
    place = default_storage.save(
        f"{FOLDER}/{secrets.token_hex(16)}.{document.ending}", ContentFile(document.content)
    )
    stored.append(place)
    try:
        with transaction.atomic():
            kept = EntryDocument.objects.create(
                entry=entry,
                file=place,
                name=document.name,
                content_type=document.content_type,
                size=len(document.content),
                sha256=sha256,
                added_at=at,
                by_id=by.pk if by is not None else None,
            )
            audit.record(
                action="portfolio:document:attach",
                subject=entry,
                by=by,
                at=at,
                entity=entry.entity.slug,
                data={"name": document.name, "size": len(document.content), "sha256": sha256},
            )
    except IntegrityError as error:
        if "document_once_per_entry" not in str(error) and "sha256" not in str(error):
            raise
        # Somebody else attached the same bytes meanwhile.
        default_storage.delete(stored.pop())
        return EntryDocument.objects.get(entry=entry, sha256=sha256)
    return kept


def _redrawn(content: bytes, name: str) -> bytes:
    """Return a picture as a JPEG, upright, within bounds and with nothing but the picture."""
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise DocumentRefusedError(
                    f"{name} has more than 50 million pixels; take it at a smaller size."
                )
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            sheet = Image.new("RGB", upright.size, "white")
            if upright.mode in {"RGBA", "LA", "PA", "P"}:
                seen = upright.convert("RGBA")
                sheet.paste(seen, mask=seen)
            else:
                sheet.paste(upright.convert("RGB"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DocumentRefusedError(
            f"{name} has more than 50 million pixels; take it at a smaller size."
        ) from error
    except _UNREADABLE as error:
        raise DocumentRefusedError(f"{name} is a picture that cannot be read; take it again.") from error
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()
