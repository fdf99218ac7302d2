"""The papers of people who work: adding, changing and withdrawing them, and the file that shows each.

Whatever changes here is felt at once by the positions its owner holds (`positions.sweep`): after its own transaction,
because one that locked several events could wait for somebody who waits for it. Numbers and files are personal: the
trail says that they changed, never what they are.
"""

import contextlib
import datetime as dt
import io
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from core import audit
from crew.domain import evidence, positions
from crew.models import Credential, CredentialKind, Person

MOST_BYTES = 10 * 1024 * 1024
LONGEST_NUMBER = 60
_PDF, _PDF_END = b"%PDF-", b"%%EOF"
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


class CredentialRefusedError(Exception):
    """The paper cannot be kept as given; the message says why."""


class FileRefusedError(CredentialRefusedError):
    """The file is not one we keep."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a paper says."""

    kind: str
    number: str
    issued_on: dt.date | None
    expires_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came."""

    content: IO[bytes]
    size: int


def add(*, person: Person, terms: Terms, upload: Upload | None, by: Person, at: dt.datetime) -> Credential:
    """Add a paper to those somebody holds.

    Raises:
        CredentialRefusedError: its dates are the wrong way round, or its number is no single line.
        FileRefusedError: the file is empty, too large, or no PDF, JPEG or PNG.
    """
    values = _values(terms)
    with _stored(upload) as name, transaction.atomic():
        credential = Credential.objects.create(person=person, added_at=at, file=name or "", **values)
        _record(
            "add", credential, by, at, {"kind": ["", terms.kind], "expires": ["", _day(terms.expires_on)]}
        )
    _sweep(person.pk, at)
    return credential


def change(
    *, credential: Credential, terms: Terms, upload: Upload | None, by: Person, at: dt.datetime
) -> None:
    """Put a paper right; a new file takes the old one's place.

    Raises:
        CredentialRefusedError: its dates are the wrong way round, its number is no single line, or it was withdrawn.
        FileRefusedError: the file is empty, too large, or no PDF, JPEG or PNG.
    """
    values = _values(terms)
    with _stored(upload) as name, transaction.atomic():
        # Held until the end: the file that is taken away must be the one that stands there then.
        before = Credential.objects.select_for_update(no_key=True).get(pk=credential.pk)
        if name is not None:
            values["file"] = name
        _change(before, values)
        changed: dict[str, Any] = {
            "kind": [before.kind, terms.kind],
            "issued": [_day(before.issued_on), _day(terms.issued_on)],
            "expires": [_day(before.expires_on), _day(terms.expires_on)],
        }
        changed = {field: pair for field, pair in changed.items() if pair[0] != pair[1]}
        changed["number_changed"] = before.number != values["number"]
        changed["file_changed"] = name is not None
        _record("change", before, by, at, changed)
        old = before.file.name
        if name is not None and old:
            transaction.on_commit(lambda: default_storage.delete(old))
    _sweep(before.person_id, at)


def withdraw(*, credential: Credential, by: Person, at: dt.datetime) -> None:
    """Withdraw a paper: it counts for nothing any more, and stays on record.

    Raises:
        CredentialRefusedError: it was withdrawn before.
    """
    with transaction.atomic():
        _change(credential, {"withdrawn_at": at})
        _record("withdraw", credential, by, at, {"kind": credential.kind})
    _sweep(credential.person_id, at)


def _sweep(person_id: int, at: dt.datetime) -> None:
    """Look at somebody's positions again, each event in its own transaction: two held at once could wait for each other."""
    transaction.on_commit(lambda: positions.sweep(at=at, people=[person_id]))


def _change(credential: Credential, values: dict[str, Any]) -> None:
    live = Credential.objects.filter(pk=credential.pk, withdrawn_at__isnull=True)
    if not live.update(**values):
        raise CredentialRefusedError(
            f"{credential} was withdrawn before; it stays as it is. Add the paper anew."
        )


def _values(terms: Terms) -> dict[str, Any]:
    """Return the columns that a paper's words fill.

    Raises:
        CredentialRefusedError: they contradict one another.
    """
    number = terms.number.strip()
    if len(number) > LONGEST_NUMBER or any(unicodedata.category(sign)[0] == "C" for sign in number):
        raise CredentialRefusedError(
            f"Write the number in one line of at most {LONGEST_NUMBER} characters, as it stands on the paper."
        )
    if terms.issued_on and terms.expires_on and terms.expires_on < terms.issued_on:
        raise CredentialRefusedError(
            f"It cannot expire on {_day(terms.expires_on)}, before it was issued on {_day(terms.issued_on)}. "
            "Check both dates."
        )
    return {
        "kind": CredentialKind(terms.kind),
        "number": number,
        "issued_on": terms.issued_on,
        "expires_on": terms.expires_on,
    }


def _day(on: dt.date | None) -> str:
    return on.isoformat() if on else ""


def _record(verb: str, credential: Credential, by: Person, at: dt.datetime, data: dict[str, Any]) -> None:
    audit.record(
        action=f"crew:credential:{verb}",
        subject=credential,
        at=at,
        by=by,
        data={**data, "person": credential.person_id},
    )


@contextlib.contextmanager
def _stored(upload: Upload | None) -> Iterator[str | None]:
    """Keep a file under a random name while its row is written; it goes again where that fails."""
    if upload is None:
        yield None
        return
    content, ending = cleaned(upload)
    name = default_storage.save(f"credentials/{secrets.token_hex(16)}{ending}", ContentFile(content))
    try:
        yield name
    except BaseException:
        default_storage.delete(name)
        raise


def cleaned(upload: Upload) -> tuple[bytes, str]:
    """Return a file as it is kept and the ending of its name; what it is called and says it is counts for nothing.

    A picture is drawn anew, upright and without its hidden data. A PDF stays as it is.

    Raises:
        FileRefusedError: it is empty, too large, or no PDF, JPEG or PNG.
    """
    if not upload.size:
        raise FileRefusedError("This file is empty. Choose the scan or photo of the paper once more.")
    if upload.size > MOST_BYTES:
        raise FileRefusedError(
            "This file is larger than 10 MB. Scan or photograph the paper at a smaller size."
        )
    content = upload.content.read(MOST_BYTES + 1)
    if content.startswith(_PDF) and _PDF_END in content[-2048:]:
        return content, ".pdf"
    if content.startswith(_PICTURES):
        try:
            return evidence.photo(io.BytesIO(content), size=len(content)), ".jpg"
        except evidence.EvidenceRefusedError as error:
            raise FileRefusedError(str(error)) from error
    raise FileRefusedError(
        "This file is no PDF and no JPEG or PNG picture that we can read. Choose one of these."
    )
