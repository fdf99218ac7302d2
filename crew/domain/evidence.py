"""What proves that a checklist item was done: a number, words, or a photograph.

Photographs are never kept as they came: they are decoded within bounds, turned upright, made smaller and written
anew, so that no hidden data (where it was taken, by which phone) and no trick in the file survives.
"""

import contextlib
import io
import re
import secrets
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageOps

from crew.models import ChecklistItem, Evidence

LONGEST_TEXT = 2_000
MOST_BYTES = 15 * 1024 * 1024
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 2_000
_FORMATS = ("JPEG", "PNG", "WEBP")
# Nine digits and three decimals are what the column holds.
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,3})?")
_HEIC = re.compile(rb"....ftyp(?:hei[cxms]|hev[cx]|mif1|msf1|avif)", re.DOTALL)
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
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)

# Pillow looks at a picture's size before it decodes; past this it refuses, and between once and twice it warns, which
# is a refusal here too.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


class EvidenceRefusedError(Exception):
    """The evidence is missing or cannot be read; ``field`` names what it was."""

    def __init__(self, field: str, sentence: str) -> None:
        """Take the name of the evidence and the sentence."""
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody found. ``photo`` holds the bytes of a JPEG that `photo` made."""

    number: Decimal | None = None
    text: str = ""
    photo: bytes | None = None


def number(text: str) -> Decimal:
    """Read a number as people write it with plain digits: ``12``, ``-0.5``.

    Raises:
        EvidenceRefusedError: anything else, such as ``1e400``, ``NaN``, ``1_000`` or digits of another script.
    """
    written = text.strip()
    if not _NUMBER.fullmatch(written):
        raise EvidenceRefusedError(
            "number",
            "This is not a number we can read; write digits with at most one point and three decimals, such as 12.5.",
        )
    # Adding nothing turns a negative zero into zero.
    return Decimal(written) + 0


def photo(upload: IO[bytes], *, size: int) -> bytes:
    """Return a photograph as a JPEG of at most 2000 pixels a side, upright and without anything but the picture.

    Raises:
        EvidenceRefusedError: it is empty, too large, of another kind, or broken.
    """
    if not size:
        raise EvidenceRefusedError("photo", "This file is empty; take the photo again.")
    if size > MOST_BYTES:
        raise EvidenceRefusedError(
            "photo", "This photo is larger than 15 MB; take it at a smaller size and try again."
        )
    data = upload.read(MOST_BYTES + 1)
    if _HEIC.match(data):
        raise EvidenceRefusedError(
            "photo",
            "This is a HEIC or AVIF photo, which cannot be read here; set the camera to JPEG (“Most compatible”) and "
            "take it again.",
        )
    try:
        return _redrawn(data)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise EvidenceRefusedError(
            "photo", "This picture has more than 50 million pixels; take it at a smaller size and try again."
        ) from error
    except _UNREADABLE as error:
        raise EvidenceRefusedError(
            "photo", "This file is not a photo we can read; send a JPEG, PNG or WebP picture."
        ) from error


def _redrawn(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
        # A JPEG is decoded at a fraction of its size where that is enough.
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        # A fresh sheet: comments, profiles and whatever else came along stay with the old one.
        sheet = Image.new("RGB", upright.size, "white")
        if upright.mode in {"RGBA", "LA", "PA", "P"}:
            seen = upright.convert("RGBA")
            sheet.paste(seen, mask=seen)
        else:
            sheet.paste(upright.convert("RGB"))
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()


def check(*, item: ChecklistItem, proof: Proof) -> Proof:
    """Return the evidence that an item asks for, and nothing else of what was given.

    Raises:
        EvidenceRefusedError: it is missing or too long.
    """
    if item.evidence == Evidence.NUMBER:
        if proof.number is None:
            raise EvidenceRefusedError("number", "Write down the number you read.")
        return Proof(number=proof.number)
    if item.evidence == Evidence.TEXT:
        text = proof.text.strip()
        if not text:
            raise EvidenceRefusedError("text", "Write down what you found.")
        if len(text) > LONGEST_TEXT or "\x00" in text:
            raise EvidenceRefusedError(
                "text", f"Write it in plain words, in at most {LONGEST_TEXT} characters."
            )
        return Proof(text=text)
    if item.evidence == Evidence.PHOTO:
        if not proof.photo:
            raise EvidenceRefusedError("photo", "Take a photo of it.")
        return Proof(photo=proof.photo)
    return Proof()


@contextlib.contextmanager
def kept(proof: Proof) -> Iterator[dict[str, Any]]:
    """Keep the evidence while the item is changed, and yield the columns it fills; a photo goes again on failure."""
    values: dict[str, Any] = {}
    if proof.number is not None:
        values["value_number"] = proof.number
    if proof.text:
        values["value_text"] = proof.text
    if proof.photo is None:
        yield values
        return
    values["photo"] = default_storage.save(
        f"checklists/{secrets.token_hex(16)}.jpg", ContentFile(proof.photo)
    )
    try:
        yield values
    except BaseException:
        default_storage.delete(values["photo"])
        raise


def within_limits(*, item: ChecklistItem, number: Decimal | None) -> bool:
    """Tell whether a number is within an item's limits; what is no number always is."""
    if number is None:
        return True
    return (item.low is None or number >= item.low) and (item.high is None or number <= item.high)


def shown(number: Decimal | None, unit: str) -> str:
    """Return a number as people write it, with its unit."""
    if number is None:
        return ""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text} {unit}".strip()


def limits_words(item: ChecklistItem) -> str:
    """Return an item's limits in words; empty where it has none."""
    if item.low is not None and item.high is not None:
        return f"{shown(item.low, '')} to {shown(item.high, item.unit)}"
    if item.low is not None:
        return f"at least {shown(item.low, item.unit)}"
    return f"at most {shown(item.high, item.unit)}" if item.high is not None else ""
