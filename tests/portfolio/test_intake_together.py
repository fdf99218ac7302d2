"""Files that land while people work: who lands and who moves a booking lock in one order, and none is broken off."""

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from pytest_django import Settings

from portfolio.domain import bank_files, held, intake, landing, recognition, verification
from portfolio.models import Booking, BookingStage, EntryChain, ImportedLine, JournalEntry
from tests.portfolio.conftest import AT, Books, in_parallel, open_books
from tests.portfolio.web.conftest import World, world

__all__ = ["world"]

pytestmark = [pytest.mark.once_postgresql, pytest.mark.django_db(transaction=True)]

PAID = b"Date,Description,Amount\n2026-10-05,CLIENT QOS-0001,900.00\n"
PAID_OFX = b"""OFXHEADER:100
<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>1234</BANKACCTFROM><BANKTRANLIST>
<STMTTRN><DTPOSTED>20261005<TRNAMT>900.00<FITID>1<NAME>CLIENT QOS-0001</STMTTRN>
</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"""


def wait_until_somebody_waits() -> None:
    """Come back when another connection waits for a lock."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    pause = threading.Event()
    for _ in range(1_000):
        with connection.cursor() as cursor:
            # What it shows is kept for as long as a transaction lasts.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(asked)
            if cursor.fetchone() != (0,):
                return
        pause.wait(0.005)
    raise AssertionError("Nobody waited.")


def a_completed(books: Books) -> Booking:
    return Booking.objects.create(
        entity=books.entity, reference="QOS-0001", title="Sail", kind="charter", stage=BookingStage.COMPLETED,
        enquired_on=dt.date(2026, 9, 1), service_on=dt.date(2026, 10, 9), completed_on=dt.date(2026, 10, 20),
        price_minor=900_00,
    )  # fmt: skip


def land_a_line_that_waits(books: Books) -> None:
    line = ImportedLine.objects.get(waits=True)
    bank_files.post_waiting(line=line, account=None, by=None, at=AT)


LANDINGS: dict[str, Callable[[Books], object]] = {
    "bank CSV": lambda books: intake.land_bank(entity=books.entity, data=PAID, name="b.csv", by=None, at=AT),
    "OFX": lambda books: intake.land_ofx(
        entity=books.entity, data=PAID_OFX, name="b.ofx", by=None, at=AT, account=books.accounts["1010"]
    ),
    "a line that waits": land_a_line_that_waits,
}


@pytest.mark.parametrize("kind", LANDINGS)
def test_a_file_lands_while_the_booking_it_names_is_completed(kind: str) -> None:
    books = open_books()
    booking = a_completed(books)
    if kind == "a line that waits":
        books.post("1010", "6900", 900_00, on=dt.date(2026, 10, 4), memo="Somebody")
        intake.land_bank(entity=books.entity, data=PAID, name="b.csv", by=None, at=AT)
    begun = threading.Event()

    def complete() -> object:
        with transaction.atomic():
            held.lock([booking.pk])
            begun.set()
            wait_until_somebody_waits()
            return recognition.recognise(booking=booking, on=dt.date(2026, 10, 20), by=None, at=AT)

    def land() -> object:
        begun.wait(10)
        return LANDINGS[kind](books)

    found = in_parallel(complete, land)
    assert [type(one).__name__ for one in found if isinstance(one, Exception)] == []
    assert verification.verify_books() == []


def test_a_landing_that_the_database_broke_off_is_tried_again_on_the_page(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    client = world.client("bookkeeper")
    entity = world.mine.entity
    about = {"entity": entity.slug, "kind": "bank_csv"}
    data = b"Date,Description,Amount\n2026-11-03,MARINA,-5.00\n"
    token = client.post(
        "/portfolio/imports/add/", {**about, "file": SimpleUploadedFile("a.csv", data)}
    ).context["token"]
    begun = threading.Event()
    before = JournalEntry.objects.count()

    def against_the_order() -> None:
        with transaction.atomic():
            list(EntryChain.objects.select_for_update().filter(entity=entity))
            with connection.cursor() as cursor:
                # So that it is the page that finds the deadlock, and is broken off.
                cursor.execute("SET LOCAL deadlock_timeout = '30s'")
            begun.set()
            wait_until_somebody_waits()
            landing.lock(entity)

    def press() -> int:
        begun.wait(10)
        return client.post("/portfolio/imports/land/", {"token": token}).status_code

    assert in_parallel(against_the_order, press) == [None, 302]
    assert JournalEntry.objects.count() == before + 1
