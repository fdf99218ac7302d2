"""Sample entries that a person wrote, one of them wrong at first, and documents that prove entries.

No cash, revenue or total of costs moves: what is written moves between accounts of one kind, or owner and tax.
"""

import datetime as dt
import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from portfolio.domain import documents, entries, ledger, tax
from portfolio.models import Account, Bill, Entity, ImportedLine, JournalEntry, TaxKind

_LINE = "-" * 34


def load(*, at: dt.datetime) -> None:
    """Load entries by hand and documents; inside the caller's transaction."""
    with documents.removed_on_failure() as stored:
        _correct(at)
        _set_tax_aside(at)
        for entry, name, content in _proofs():
            document = documents.read(content=content, name=name)
            documents.keep(entry=entry, document=document, stored=stored, by=None, at=at)


def _correct(at: dt.datetime) -> None:
    """Move a part of a cost to where it belongs: the wrong way round first, then corrected, then one taken back."""
    qos, on = Entity.objects.get(slug="qos"), dt.date(2026, 6, 30)
    dockage, upkeep = (Account.objects.get(entity=qos, code=code) for code in ("6100", "6300"))
    wrong = entries.write(
        entity=qos, on=on, memo="Haul-out of June was dockage, not maintenance", key="sample-haul-out",
        lines=[ledger.Line(upkeep, 150_00, None, "Haul-out"), ledger.Line(dockage, -150_00)], by=None, at=at,
    )  # fmt: skip
    entries.correct(
        entry=wrong, reversed_on=on, reason="Debit and credit were the wrong way round", on=on, memo=wrong.memo,
        lines=[ledger.Line(dockage, 150_00, None, "Haul-out"), ledger.Line(upkeep, -150_00)], by=None, at=at,
    )  # fmt: skip
    insurance = Account.objects.get(entity=qos, code="6200")
    twice = entries.write(
        entity=qos, on=on, memo="Share of the insurance that is for the berth", key="sample-insurance",
        lines=[ledger.Line(dockage, 40_00), ledger.Line(insurance, -40_00)], by=None, at=at,
    )  # fmt: skip
    entries.reverse(
        entry=twice, on=on, reason="The policy covers the vessel alone; nothing of it is for the berth",
        by=None, at=at,
    )  # fmt: skip


def _set_tax_aside(at: dt.datetime) -> None:
    """Owe the tax of a stay that no marketplace brought: the guest paid it to the owner in cash."""
    rental = Entity.objects.get(slug="rental-3028")
    draws, owed = (Account.objects.get(entity=rental, code=code) for code in ("3100", "2400"))
    entries.write(
        entity=rental, on=dt.date(2026, 10, 2), memo="Occupancy tax of the direct stay RS-025, paid to the owner in cash",
        key="sample-occupancy",
        lines=[
            ledger.Line(draws, 61_43, None, "Cash from the guest"),
            ledger.Line(owed, -61_43, None, tax.memo_of(TaxKind.OCCUPANCY)),
        ],
        by=None, at=at,
    )  # fmt: skip


def _proofs() -> list[tuple[JournalEntry, str, bytes]]:
    """Return entries with the name and content of what proves each: a photo, a PDF, plain text."""
    found = []
    chandlery = ImportedLine.objects.select_related("entry").get(
        entity__slug="qos", description="POINT LOMA CHANDLERY", on=dt.date(2026, 10, 22)
    )
    receipt = (
        "POINT LOMA CHANDLERY", "22 Oct 2026  09:41  register 2", _LINE, "Dock line 1/2 in, 15 ft   2   21.98",
        "Shackle, bow, 5/16        3   13.74", "Tax 8.485 %                    3.03", _LINE,
        "TOTAL                         38.75", "", "Card ending 1234", "Thank you",
    )  # fmt: skip
    if chandlery.entry is not None:
        found.append((chandlery.entry, "chandlery-2026-10-22.jpg", _photo(receipt)))
    for reference, lines in (
        ("2291", ("Mission Sails loft", "Invoice 2291, 20 October 2026", "Jib recut, two seams: $645.00", "Due 6 November 2026")),
        ("HB-2611", ("H.I.M. Berthing for Harbor Island Marina", "Statement HB-2611, 1 November 2026", "Slip 42, November: $1,180.00", "Paid by standing order")),
    ):  # fmt: skip
        bill = Bill.objects.select_related("entry").get(entity__slug="qos", reference=reference)
        found.append((bill.entry, f"bill-{reference.lower()}.pdf", _pdf(lines)))
    parking = ImportedLine.objects.select_related("entry").get(
        entity__slug="eyd", description="MARINA PARKING", on=dt.date(2026, 10, 12)
    )
    if parking.entry is not None:
        words = "Marina parking, two days, delivery handover\nPaid $18.00 on 12 October 2026\n"
        found.append((parking.entry, "parking.txt", words.encode()))
    return found


def _photo(lines: Sequence[str]) -> bytes:
    """Return a picture of a receipt, as a phone would send it."""
    picture = Image.new("L", (360, 40 + 24 * len(lines)), 246)
    drawn = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        drawn.text((24, 20 + 24 * number), line, fill=40)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=70)
    return out.getvalue()


def _pdf(lines: Sequence[str]) -> bytes:
    """Return one page of plain lines as a PDF."""
    text = " T* ".join(f"({line}) Tj" for line in lines)
    stream = f"BT /F1 14 Tf 20 TL 72 720 Td {text} ET".encode("ascii")
    parts = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    out, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        out
        + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (
            table,
            len(out),
        )
    )
