"""Papers: kept by their owner and the office, felt by positions at once, their files seen by nobody else."""

import datetime as dt
import io
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks

from config.celery import app
from core.models import AuditEvent
from crew.domain import credentials, papers
from crew.domain.credentials import Terms, Upload
from crew.models import Credential, Position, PositionState, Role
from crew.tasks import sweep
from tests.crew.credentials.conftest import PDF, browser, by_link, picture
from tests.factories import people
from tests.factories.crew import (
    NOW,
    CredentialFactory,
    EventFactory,
    EventGrantFactory,
    PositionFactory,
    role_on,
)
from tests.factories.portfolio import EntityFactory

pytestmark = pytest.mark.django_db

ADD = "/me/credentials/add/"
NEW = {"kind": "medical", "number": "M-1234", "issued_on": "2026-01-05", "expires_on": "2027-01-04"}


def send(client: Client, name: str = "scan.jpg", content: bytes = b"", **typed: Any) -> Any:
    return client.post(ADD, {**NEW, **typed, "file": SimpleUploadedFile(name, content)})


def test_somebody_adds_a_paper_with_its_scan(files: Callable[[], list[Path]]) -> None:
    ana = role_on(EventFactory(), Role.CREW)

    answer = send(browser(ana), "../../etc/medical.pdf", PDF)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/me/credentials/")
    paper = Credential.objects.get()
    assert (paper.person, paper.kind, paper.number, paper.expires_on) == (
        ana, "medical", "M-1234", dt.date(2027, 1, 4),
    )  # fmt: skip
    (file,) = files()
    assert file.parent.name == "credentials"
    assert len(file.stem) == 32
    assert file.read_bytes() == PDF
    line = AuditEvent.objects.get(action="crew:credential:add")
    assert "M-1234" not in str(line.data)


def test_a_picture_is_drawn_anew_without_what_it_hid(files: Callable[[], list[Path]]) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    sent = picture("JPEG", exif=exif) + b"<script>alert(1)</script>"

    assert send(browser(role_on(EventFactory(), Role.CREW)), "a.png", sent).status_code == 302

    (file,) = files()
    kept = file.read_bytes()
    assert file.suffix == ".jpg"
    assert b"taken at home" not in kept
    assert b"<script>" not in kept
    assert Image.open(io.BytesIO(kept)).size == (40, 30)


def bomb() -> bytes:
    """Return a PNG of a few bytes that says it is 50,000 by 50,000 pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.pdf", b"", "The submitted file is empty."),
        ("page.pdf", b"<html><script>alert(1)</script></html>", "This file is no PDF"),
        ("cut.pdf", b"%PDF-1.7\n<html>", "This file is no PDF"),
        ("drawing.svg", b"<svg onload='alert(1)'/>", "This file is no PDF"),
        ("huge.jpg", b"\xff\xd8\xff" + b"\0" * (20 * 1024 * 1024), "larger than 10 MB"),
        ("huge.pdf", PDF + b"\0" * (10 * 1024 * 1024), "larger than 10 MB"),
        ("bomb.png", bomb(), "more than 50 million pixels"),
        ("cut.jpg", picture()[:200], "not a photo we can read"),
        ("zeros.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 400, "not a photo we can read"),
        ("nul\x00name.pdf", b"x", "This file is no PDF"),
        ("\u202efdp.exe", b"MZ", "This file is no PDF"),
        ("n" * 5000 + ".pdf", b"x", "This file is no PDF"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)
def test_a_bad_file_is_refused_and_what_was_typed_stays(
    files: Callable[[], list[Path]], name: str, content: bytes, sentence: str
) -> None:
    answer = send(browser(role_on(EventFactory(), Role.CREW)), name, content)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert 'value="M-1234"' in page
    assert '<option value="medical" selected>' in page
    assert not Credential.objects.exists()
    assert files() == []


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"kind": ""}, "This field is required."),
        ({"kind": "poetry"}, "Select a valid choice."),
        ({"number": "x" * 61}, "at most 60 characters"),
        ({"number": "a\x00b"}, "Null characters are not allowed."),
        ({"number": "a\x1bb"}, "Write the number in one line"),
        ({"number": "a\u200bb"}, "Write the number in one line"),
        ({"expires_on": "2025-12-31"}, "It cannot expire on 2025-12-31, before it was issued on 2026-01-05."),
        ({"expires_on": "2027-02-30"}, "This is not a date"),
        ({"expires_on": "9999-12-31"}, "too far away"),
        ({"number": "1" * 1_000_000}, "at most 60 characters"),
    ],
    ids=str,
)
def test_odd_words_are_refused(files: Callable[[], list[Path]], typed: dict[str, str], sentence: str) -> None:
    answer = send(browser(role_on(EventFactory(), Role.CREW)), "a.pdf", PDF, **typed)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Credential.objects.exists()
    assert files() == []


def test_a_new_file_takes_the_old_ones_place(
    files: Callable[[], list[Path]], django_capture_on_commit_callbacks: Any
) -> None:
    client = browser(role_on(EventFactory(), Role.CREW))
    send(client, "a.pdf", PDF)
    paper = Credential.objects.get()

    with django_capture_on_commit_callbacks(execute=True):
        client.post(
            f"/credentials/{paper.pk}/change/",
            {**NEW, "number": "M-2", "file": SimpleUploadedFile("b.png", picture("PNG"))},
        )

    (file,) = files()
    assert file.suffix == ".jpg"
    paper.refresh_from_db()
    assert paper.number == "M-2"
    assert AuditEvent.objects.get(action="crew:credential:change").data["number_changed"] is True


@pytest.mark.django_db(transaction=True)
def test_of_files_that_came_at_once_one_is_kept(files: Callable[[], list[Path]]) -> None:
    paper = CredentialFactory(kind="medical")
    terms = Terms("medical", "M-1", None, None)
    ready = threading.Barrier(4)

    def sends() -> None:
        try:
            ready.wait()
            credentials.change(
                credential=paper,
                terms=terms,
                upload=Upload(io.BytesIO(PDF), len(PDF)),
                by=paper.person,
                at=NOW,
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=sends) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (file,) = files()
    assert Credential.objects.get().file.name == f"credentials/{file.name}"
    assert AuditEvent.objects.filter(action="crew:credential:change").count() == 4


def test_withdrawing_a_paper_holds_the_position_that_asks_for_it(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    event = EventFactory()
    ana = role_on(event, Role.CREW)
    paper = CredentialFactory(person=ana, kind="medical")
    position = PositionFactory(event=event, holder=ana, requires=["medical"])
    client = browser(ana)

    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/credentials/{paper.pk}/withdraw/")

    position.refresh_from_db()
    assert (position.state, position.hold_reason) == (
        PositionState.HELD,
        "Medical certificate is not on record.",
    )
    again = client.post(f"/credentials/{paper.pk}/withdraw/", follow=True)
    assert "was withdrawn before" in again.content.decode()
    refused = client.post(f"/credentials/{paper.pk}/change/", NEW)
    assert (refused.status_code, "was withdrawn before" in refused.content.decode()) == (422, True)


def test_an_earlier_end_is_felt_too(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    event = EventFactory()
    ana = role_on(event, Role.CREW)
    paper = CredentialFactory(person=ana, kind="medical")
    position = PositionFactory(event=event, holder=ana, requires=["medical"])

    with django_capture_on_commit_callbacks(execute=True):
        browser(ana).post(f"/credentials/{paper.pk}/change/", {**NEW, "expires_on": "2026-11-27"})

    assert Position.objects.get(pk=position.pk).state == PositionState.HELD


def test_the_task_holds_what_time_has_ended() -> None:
    assert sweep.name in {entry["task"] for entry in app.conf.beat_schedule.values()}
    event = EventFactory()
    ana = role_on(event, Role.CREW)
    CredentialFactory(person=ana, kind="medical", expires_on=dt.date(2026, 11, 22))
    position = PositionFactory(event=event, holder=ana, requires=["medical"])

    sweep()
    sweep()

    assert Position.objects.get(pk=position.pk).state == PositionState.HELD


def test_who_reads_a_file() -> None:
    event = EventFactory()
    ana, ben, captain = (role_on(event, role) for role in (Role.CREW, Role.CREW, Role.CAPTAIN))
    send(browser(ana), "a.pdf", PDF)
    address = f"/credentials/{Credential.objects.get().pk}/file/"
    books = people.StaffGrantFactory(duty="bookings", entity=event.entity).person
    elsewhere = people.StaffGrantFactory(duty="bookings", entity=EntityFactory()).person

    for person in (ana, people.owner(), books):
        answer = browser(person).get(address)
        assert (answer.status_code, b"".join(answer)) == (200, PDF)  # type: ignore[arg-type]
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for person in (ben, captain, elsewhere, people.reader_of(event.entity), people.bookkeeper()):
        assert browser(person).get(address).status_code == 404
        assert browser(person).post(address.replace("file", "withdraw")).status_code == 404
        assert browser(person).get(address.replace("file", "change")).status_code == 404
    assert Client().get(address).status_code == 302


def test_a_file_that_is_gone_is_not_an_error(files: Callable[[], list[Path]]) -> None:
    ana = role_on(EventFactory(), Role.CREW)
    send(browser(ana), "a.pdf", PDF)
    files()[0].unlink()

    assert browser(ana).get(f"/credentials/{Credential.objects.get().pk}/file/").status_code == 404


@pytest.mark.parametrize(
    ("role", "status"), [(Role.CREW, 200), (Role.CAPTAIN, 200), (Role.GUEST, 404), (Role.ADMIN, 404)]
)
@pytest.mark.parametrize("address", ["/me/credentials/", "/me/credentials/add/", "/me/days/", "/me/pay/"])
def test_a_link_session_opens_its_owners_pages_if_it_is_one_that_works(
    role: str, status: int, address: str
) -> None:
    grant = EventGrantFactory(role=role)
    # What else they are counts for nothing in this session.
    EventGrantFactory(person=grant.person, role=Role.CREW)

    assert by_link(grant).get(address).status_code == status


@pytest.mark.parametrize("address", ["/me/credentials/", "/me/credentials/add/", "/me/days/", "/me/pay/"])
def test_guests_and_strangers_have_no_such_pages(address: str) -> None:
    assert browser(role_on(EventFactory(), Role.GUEST)).get(address).status_code == 404
    assert browser(people.outsider()).get(address).status_code == 404
    assert browser(people.owner()).get(address).status_code == 200
    assert Client().get(address).status_code == 302


def test_an_office_sees_the_people_who_work_for_it() -> None:
    event, other = EventFactory(), EventFactory()
    ana, ben = role_on(event, Role.CREW, name="Ana Able"), role_on(other, Role.CREW, name="Ben Baker")
    guest = role_on(event, Role.GUEST, name="Gus Guest")
    for person in (ana, ben, guest):
        CredentialFactory(person=person, kind="medical", expires_on=dt.date(2026, 12, 20))
    books = people.StaffGrantFactory(duty="bookings", entity=event.entity).person

    page = browser(books).get("/credentials/").content.decode()

    assert "Ana Able" in page
    assert "Ben Baker" not in page
    assert "Gus Guest" not in page
    refused = browser(books).post("/credentials/add/", {**NEW, "person": ben.pk})
    assert refused.status_code == 422
    assert browser(books).post("/credentials/add/", {**NEW, "person": ana.pk}).status_code == 302
    assert browser(people.bookkeeper()).get("/credentials/").status_code == 403
    assert browser(ana).get("/credentials/").status_code == 403


def test_the_list_is_narrowed_by_what_ends_when() -> None:
    event = EventFactory()
    ends = {"Exa": -3, "Sev": 5, "Thi": 20, "Nin": 60, "Two": 200, "Far": 400}
    for name, days in ends.items():
        person = role_on(event, Role.CREW, name=name)
        CredentialFactory(
            person=person, kind="medical", expires_on=dt.date(2026, 11, 23) + dt.timedelta(days=days)
        )
    # Renewed: the old one is spoken of no more.
    renewed = role_on(event, Role.CREW, name="Ren")
    CredentialFactory(person=renewed, kind="medical", expires_on=dt.date(2026, 11, 1))
    CredentialFactory(person=renewed, kind="medical", expires_on=dt.date(2029, 11, 1))

    def names(within: str) -> list[str]:
        found = papers.listed(ids=None, window=within, search="", today=dt.date(2026, 11, 23))
        return [credential.person.name for credential in found]

    assert names("") == ["Exa", "Sev", "Thi", "Nin", "Two", "Far", "Ren"]
    assert names("expired") == ["Exa"]
    assert [names(within) for within in ("7", "30", "90", "240")] == [
        ["Sev"],
        ["Sev", "Thi"],
        ["Sev", "Thi", "Nin"],
        ["Sev", "Thi", "Nin", "Two"],
    ]
    assert papers.counts(ids=None, today=dt.date(2026, 11, 23)) == {
        "": 7, "expired": 1, "7": 1, "30": 2, "90": 3, "240": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    "query", ["?within=7&q=ana", "?within=\x00", "?page=x&q=%00", "?within=9e99", "?q=" + "x" * 900]
)
def test_odd_filters_are_ignored(query: str) -> None:
    assert browser(people.owner()).get(f"/credentials/{query}").status_code == 200


@pytest.mark.parametrize("count", [1, 60])
def test_the_list_takes_the_same_queries_for_one_paper_and_many(count: int) -> None:
    event = EventFactory()
    for _ in range(count):
        CredentialFactory(person=role_on(event, Role.CREW), kind="medical")
    client = browser(people.owner())

    with CaptureQueriesContext(connection) as queries:
        page = client.get("/credentials/")

    assert page.status_code == 200
    assert len(queries) == 7, [query["sql"][:80] for query in queries]


@pytest.mark.parametrize("count", [1, 30])
def test_ones_own_list_takes_the_same_queries_for_one_paper_and_many(count: int) -> None:
    ana = role_on(EventFactory(), Role.CREW)
    for _ in range(count):
        CredentialFactory(person=ana, kind="medical")
    client = browser(ana)

    with CaptureQueriesContext(connection) as queries:
        page = client.get("/me/credentials/")

    assert page.status_code == 200
    assert len(queries) == 6, [query["sql"][:80] for query in queries]


def test_home_names_what_ends_of_people_with_coming_positions() -> None:
    event = EventFactory()
    ana, ben = role_on(event, Role.CREW, name="Ana"), role_on(event, Role.CREW, name="Ben")
    for person in (ana, ben):
        CredentialFactory(person=person, kind="medical", expires_on=dt.date(2026, 11, 27))
    CredentialFactory(person=ana, kind="twic", expires_on=dt.date(2026, 11, 1))
    PositionFactory(event=event, holder=ana)

    found = list(papers.cards(people.owner(), NOW))

    assert [(card.title, card.value, card.severity) for card in found] == [
        ("TWIC of Ana", "Expired 1 Nov 2026", "critical"),
        ("Medical certificate of Ana", "Valid to 27 Nov 2026, 4 days left", "high"),
    ]
    assert list(papers.cards(people.bookkeeper(), NOW)) == []
    assert (
        list(papers.cards(people.StaffGrantFactory(duty="bookings", entity=EntityFactory()).person, NOW))
        == []
    )
