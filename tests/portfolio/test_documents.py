"""Documents of entries: told by their bytes, drawn anew, kept once and for ever, and never left behind."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction
from PIL import Image

from core.models import AuditEvent
from portfolio.domain import documents, entries
from portfolio.domain.ledger import UnbalancedEntryError
from portfolio.models import EntryDocument
from tests.portfolio.conftest import AT, OCTOBER, Books


def picture(form: str, size: tuple[int, int] = (40, 30), **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "navy").save(out, form, **more)
    return out.getvalue()


def stored() -> set[str]:
    return set(default_storage.listdir("receipts")[1]) if default_storage.exists("receipts") else set()


def test_a_picture_is_kept_without_what_a_phone_wrote_into_it(books: Books) -> None:
    entry = books.post("6100", "1010", 100)
    exif = Image.Exif()
    exif[0x010E] = "Where I live"
    content = picture("JPEG", exif=exif)
    assert b"Where I live" in content

    kept = documents.attach(entry=entry, content=content, name="../../etc/rec\x00eipt.pdf", by=None, at=AT)

    with default_storage.open(kept.file.name) as file:
        data = file.read()
    assert b"Where I live" not in data
    assert kept.content_type == "image/jpeg"
    assert Path(kept.file.name).parent == Path("receipts")
    assert "receipt" not in Path(kept.file.name).name
    assert "\x00" not in kept.name
    assert (
        AuditEvent.objects.filter(action="portfolio:document:attach", subject_id=str(entry.pk)).count() == 1
    )


def test_the_same_bytes_are_kept_once_and_stay(books: Books) -> None:
    entry = books.post("6100", "1010", 100)
    first = documents.attach(entry=entry, content=b"%PDF-1.7 a", name="a.pdf", by=None, at=AT)
    before = stored()
    again = documents.attach(entry=entry, content=b"%PDF-1.7 a", name="b.pdf", by=None, at=AT)
    assert first == again
    assert stored() == before
    for change in (
        lambda: EntryDocument.objects.filter(pk=first.pk).update(name="x"),
        lambda: EntryDocument.objects.filter(pk=first.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_file_goes_again_when_what_it_came_with_fails(books: Books) -> None:
    before = stored()
    receipt = documents.read(content=b"%PDF-1.7 a", name="a.pdf")
    entry = books.post("6100", "1010", 100)
    with pytest.raises(RuntimeError), documents.removed_on_failure() as names, transaction.atomic():
        documents.keep(entry=entry, document=receipt, stored=names, by=None, at=AT)
        assert stored() != before
        raise RuntimeError
    assert stored() == before
    with pytest.raises(UnbalancedEntryError):
        entries.write(
            entity=books.entity,
            on=OCTOBER,
            memo="Fee",
            lines=[books.line("6100", 2), books.line("1010", -1)],
            key="k",
            files=[receipt],
            by=None,
            at=AT,
        )
    assert stored() == before


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.pdf", b"", "is empty"),
        ("large.pdf", b"%PDF-" + b"x" * documents.MOST_BYTES, "larger than 10 MB"),
        ("program.pdf", b"MZ\x90\x00", "no document we can keep"),
        ("archive.jpg", b"PK\x03\x04", "no document we can keep"),
        ("photo.heic", b"\x00\x00\x00\x18ftypheic", "HEIC"),
        ("cut.jpg", picture("JPEG")[:200], "cannot be read"),
        ("bomb.png", lambda: picture("PNG", (8000, 8000)), "50 million pixels"),
        ("latin.txt", "Café".encode("latin-1"), "no document we can keep"),
        ("drawing.svg", b"<svg/>\x00", "no document we can keep"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_a_sentence(
    name: str, content: bytes | Callable[[], bytes], words: str
) -> None:
    content = content() if callable(content) else content
    with pytest.raises(documents.DocumentRefusedError, match=words):
        documents.read(content=content, name=name)


@pytest.mark.once
def test_what_a_file_is_stands_in_its_bytes() -> None:
    for content, name, kind in (
        (picture("PNG"), "x.pdf", "image/jpeg"),
        (picture("WEBP"), "x.webp", "image/jpeg"),
        (b"%PDF-1.4", "x.jpg", "application/pdf"),
        (b"<script>", "x.html", "text/plain"),
        (b"a,b\n1,2\n", "x.CSV", "text/csv"),
    ):
        assert documents.read(content=content, name=name).content_type == kind
