"""The pages of mailing lists, as the owner works on them, a reader sees them and a stranger does not."""

import datetime as dt
import io
import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from mail.domain import lists, suppression
from mail.models import MailingList, Reason, Scope, Segment, Subscriber
from mail.web.campaign_forms import LARGEST_FILE
from mail.web.lists import BAD_ROWS_SHOWN, SAMPLE, SUBSCRIBERS_A_PAGE
from tests.factories import people

pytestmark = [pytest.mark.django_db, pytest.mark.once_postgresql]

AT = dt.datetime(2026, 11, 10, 17, 0, tzinfo=dt.UTC)


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(people.owner())
    return client


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(people.StaffGrantFactory().person)
    return client


@pytest.fixture
def harbour() -> MailingList:
    return lists.open_list(name="Harbour news", purpose="Sails and concerts, once a month.", by=None, at=AT)


def join(mailing_list: MailingList, address: str, **more: object) -> Subscriber:
    asked = {"consent_source": "Sign-up sheet", "by": None, "at": AT, **more}
    return lists.subscribe(mailing_list=mailing_list, address=address, **asked)[0]  # type: ignore[arg-type]


def stop(address: str, scope: Scope = Scope.COMMERCIAL, mailing_list: MailingList | None = None) -> None:
    suppression.add(
        address=address, scope=scope, reason=Reason.UNSUBSCRIBED, mailing_list=mailing_list, at=AT
    )


def send_file(
    client: Client, mailing_list: MailingList, content: bytes | str, name: str = "people.csv", **more: str
) -> HttpResponse:
    data = content.encode() if isinstance(content, str) else content
    file = io.BytesIO(data)
    file.name = name
    return client.post(url("import_subscribers", mailing_list), {"file": file, **more})


def url(name: str, mailing_list: MailingList, **more: int) -> str:
    return reverse(f"mail:{name}", kwargs={"pk": mailing_list.pk, **more})


def text(response: HttpResponse) -> str:
    """Return a page's words, its markup gone and its blanks collapsed."""
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def addresses(response: HttpResponse) -> list[str]:
    return re.findall(r'<th scope="row">([^<]*@[^< ]*)[ <]', response.content.decode())


# The lists


def test_without_a_list_the_page_says_how_to_begin(owner: Client) -> None:
    page = owner.get("/mail/lists/")

    assert "No list yet" in text(page)
    assert 'href="/mail/lists/new"' in page.content.decode()


def test_each_list_says_whom_it_reaches(owner: Client, harbour: MailingList) -> None:
    for name in ("ana", "bo", "cy", "di"):
        join(harbour, f"{name}@example.com")
    other = lists.open_list(name="Owners", purpose="For boat owners.", by=None, at=AT)
    join(other, "ana@example.com")
    stop("ANA@example.com", Scope.LIST, harbour)
    stop("bo@example.com")
    stop("bo@example.com", Scope.ALL)
    said = text(owner.get("/mail/lists/"))

    assert "Harbour news Sails and concerts, once a month. 4 2 2 Never" in said
    assert "Owners For boat owners. 1 1 0 Never" in said


@pytest.mark.parametrize("count", [1, 25])
def test_the_lists_take_nine_queries_however_many(
    count: int, owner: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        made = lists.open_list(name=f"List {number}", purpose="News.", by=None, at=AT)
        join(made, "ana@example.com", segments=["Locals"])
    # session, person, grants, sample notice, in doubt, lists, whole lists, segments, last mailed
    with django_assert_num_queries(9):
        owner.get("/mail/lists/")


# One list


def test_a_list_counts_its_segments_and_shows_its_subscribers(owner: Client, harbour: MailingList) -> None:
    join(harbour, "ana@example.com", name="Ana Quill", segments=["Locals", "Concerts"])
    join(harbour, "bo@example.com", segments=["Locals"], consented_on=dt.date(2026, 6, 20))
    join(harbour, "cy@example.com")
    stop("bo@example.com")
    page = owner.get(url("list", harbour))
    said = text(page)

    assert "The whole list 3 2 1 Concerts 1 1 0 Locals 2 1 1" in said
    assert addresses(page) == ["ana@example.com", "bo@example.com", "cy@example.com"]
    assert "ana@example.com Ana Quill Concerts, Locals Sign-up sheet Reachable" in said
    assert "bo@example.com Locals Sign-up sheet, 20 Jun 2026 Suppressed" in said


def test_subscribers_are_found_by_address_name_and_segment(owner: Client, harbour: MailingList) -> None:
    join(harbour, "ana@example.com", name="Quill", segments=["Locals"])
    join(harbour, "quill@example.com", segments=["Concerts"])
    join(harbour, "cy@example.com", segments=["Locals"])
    locals_ = Segment.objects.get(name="Locals").pk

    def found(**asked: object) -> list[str]:
        return addresses(owner.get(url("list", harbour), asked))

    assert found(q="QUILL") == ["ana@example.com", "quill@example.com"]
    assert found(segment=locals_) == ["ana@example.com", "cy@example.com"]
    assert found(q="quill", segment=locals_) == ["ana@example.com"]
    assert "No subscriber fits" in text(owner.get(url("list", harbour), {"q": "nobody"}))


@pytest.mark.parametrize(
    "asked",
    [
        {"q": "a\x00b"},
        {"q": "x" * 100_000},
        {"q": "%"},
        {"q": "\ud800".encode("utf-8", "surrogatepass")},
        {"segment": "x"},
        {"segment": "9" * 5000},
        {"segment": "-1"},
        {"page": "x"},
        {"page": "9" * 5000},
        {"page": "-1"},
        {"page": "\x00"},
    ],
)
def test_odd_questions_show_the_list_all_the_same(
    asked: dict[str, str], owner: Client, harbour: MailingList
) -> None:
    join(harbour, "ana@example.com")

    assert owner.get(url("list", harbour), asked).status_code == 200


def test_a_segment_of_another_list_finds_nothing_of_it(owner: Client, harbour: MailingList) -> None:
    other = lists.open_list(name="Owners", purpose="For boat owners.", by=None, at=AT)
    join(other, "secret@example.com", segments=["Locals"])
    page = owner.get(url("list", harbour), {"segment": Segment.objects.get().pk})

    assert "secret@example.com" not in text(page)


def test_pages_of_twenty_five_keep_what_was_asked(owner: Client, harbour: MailingList) -> None:
    for number in range(SUBSCRIBERS_A_PAGE + 1):
        join(harbour, f"p{number:03}@example.com")
    first = owner.get(url("list", harbour), {"q": "example.com"})

    assert len(addresses(first)) == SUBSCRIBERS_A_PAGE
    (more,) = re.findall(r'rel="next" href="([^"]*)"', first.content.decode())
    assert addresses(owner.get(url("list", harbour) + more.replace("&amp;", "&"))) == ["p025@example.com"]


@pytest.mark.parametrize("count", [1, SUBSCRIBERS_A_PAGE])
def test_a_list_takes_thirteen_queries_however_long(
    count: int, owner: Client, harbour: MailingList, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        join(harbour, f"p{number}@example.com", segments=[f"Segment {number % 7}"])
    # session, person, grants, the list, its segments, reach of the whole, reach of the segments, last mailed,
    # how many, one page, its segments, in doubt, sample notice
    with django_assert_num_queries(13):
        owner.get(url("list", harbour))


@pytest.mark.parametrize("pk", [0, 99, 2**63, 10**30])
def test_a_list_that_is_not_there_is_not_found(pk: int, owner: Client) -> None:
    for path in ("", "change", "import", "add", "subscribers/1/remove"):
        assert owner.get(f"/mail/lists/{pk}/{path}").status_code == 404


# Making and changing


def test_a_list_is_made_and_changed(owner: Client) -> None:
    made = owner.post("/mail/lists/new", {"name": "Harbour news", "purpose": "Sails, once a month."})
    row = MailingList.objects.get()
    assert made.headers["Location"] == url("list", row)

    owner.post(url("change_list", row), {"name": "Harbour letters", "purpose": "Sails, twice a month."})
    row.refresh_from_db()
    assert (row.name, row.purpose) == ("Harbour letters", "Sails, twice a month.")


@pytest.mark.parametrize(
    ("name", "purpose"),
    [
        ("", "News."),
        ("Harbour", ""),
        ("a\x00b", "News."),
        ("x" * 121, "News."),
        ("Two\nlines", "News."),
        ("Harbour", "x" * 1_000_000),
        ("Harbour news", "News."),
    ],
)
def test_a_list_that_cannot_be_is_refused_with_everything_typed(
    name: str, purpose: str, owner: Client, harbour: MailingList
) -> None:
    answer = owner.post("/mail/lists/new", {"name": name, "purpose": purpose})

    assert answer.status_code == 422
    assert "Please check this form" in text(answer)
    form = answer.context["form"]
    assert (form["name"].value(), form["purpose"].value()) == (name, purpose)
    assert MailingList.objects.count() == 1


def test_one_is_added_by_hand_and_a_second_time_brought_up_to_date(
    owner: Client, harbour: MailingList
) -> None:
    typed = {"address": "ana@example.com", "consent_source": "Gangway card", "segments": "Locals | Concerts"}
    first = owner.post(url("add_subscriber", harbour), typed, follow=True)
    again = owner.post(url("add_subscriber", harbour), typed, follow=True)
    more = owner.post(url("add_subscriber", harbour), {**typed, "name": "Ana Quill"}, follow=True)

    assert "ana@example.com is on Harbour news." in text(first)
    assert "just so; nothing changed" in text(again)
    assert "brought up to date" in text(more)
    row = Subscriber.objects.get()
    assert (row.name, sorted(part.name for part in row.segments.all())) == (
        "Ana Quill",
        ["Concerts", "Locals"],
    )


@pytest.mark.parametrize(
    "typed",
    [
        {"address": "nobody"},
        {"address": "a@b@example.com"},
        {"address": "ana@example.com\x00"},
        {"consent_source": ""},
        {"consented_on": "yesterday"},
        {"consented_on": "2999-01-01"},
        {"consented_on": "0001-01-01"},
        {"name": "x" * 1_000_000},
        {"segments": "y" * 400},
        {"segments": "a\nb"},
    ],
)
def test_somebody_who_cannot_be_added_is_refused_with_everything_typed(
    typed: dict[str, str], owner: Client, harbour: MailingList
) -> None:
    whole = {"address": "ana@example.com", "consent_source": "Gangway card", **typed}
    answer = owner.post(url("add_subscriber", harbour), whole)

    assert answer.status_code == 422
    assert {name: answer.context["form"][name].value() for name in whole} == whole
    assert not Subscriber.objects.exists()


def test_one_is_removed_after_a_question(owner: Client, harbour: MailingList) -> None:
    row = join(harbour, "ana@example.com")
    address = url("remove_subscriber", harbour, subscriber=row.pk)
    asked = owner.get(address)
    assert "Remove ana@example.com?" in text(asked)
    assert Subscriber.objects.exists()

    assert "no longer on Harbour news" in text(owner.post(address, follow=True))
    assert not Subscriber.objects.exists()
    assert owner.post(address).status_code == 404


def test_somebody_of_another_list_cannot_be_removed_through_this_one(
    owner: Client, harbour: MailingList
) -> None:
    other = lists.open_list(name="Owners", purpose="For boat owners.", by=None, at=AT)
    row = join(other, "ana@example.com")

    assert owner.post(url("remove_subscriber", harbour, subscriber=row.pk)).status_code == 404
    assert owner.post(url("remove_subscriber", harbour, subscriber=2**70)).status_code == 404
    assert Subscriber.objects.exists()


# Importing


def test_the_sample_file_is_one_that_the_import_takes_whole(owner: Client, harbour: MailingList) -> None:
    sample = owner.get("/mail/lists/sample.csv")
    assert sample.headers["Content-Disposition"] == 'attachment; filename="subscribers.csv"'
    assert sample.content.decode() == SAMPLE

    answer = send_file(owner, harbour, sample.content)
    assert answer.headers["Location"] == url("list", harbour)
    assert "3 added, 0 brought up to date, 0 unchanged." in text(owner.get(url("list", harbour)))


BAD_FILE = (
    "address,consent_source,consented_on\nana@example.com,Sheet,\nbo@,Sheet,\ncy@example.com,Sheet,20.06.26\n"
)


def test_a_file_with_bad_rows_is_refused_whole_and_each_is_named(owner: Client, harbour: MailingList) -> None:
    answer = send_file(owner, harbour, BAD_FILE)
    said = text(answer)

    assert answer.status_code == 422
    assert "2 rows of the file cannot be taken, so nothing was imported." in said
    assert "Line 3 address" in said
    assert "Line 4 consented_on" in said
    assert "is not a date of the form 2026-10-31. Write year, month and day, like 2026-10-31." in said
    assert "A browser lets go of a chosen file" in said
    assert not Subscriber.objects.exists()


def test_bad_rows_are_left_out_where_that_is_asked(owner: Client, harbour: MailingList) -> None:
    answer = send_file(owner, harbour, BAD_FILE, skip_bad="on")

    said = text(answer)
    assert answer.status_code == 200
    assert "1 added, 0 brought up to date, 0 unchanged, 2 left out." in said
    assert "Rows that were left out" in said
    assert "Line 3 address" in said
    assert "Line 4 consented_on" in said
    assert Subscriber.objects.count() == 1


def test_an_import_says_what_was_changed_and_what_was_kept(owner: Client, harbour: MailingList) -> None:
    send_file(owner, harbour, SAMPLE)
    owner.get(url("list", harbour))
    send_file(
        owner,
        harbour,
        "E-mail Address,Name,Consent source,Consented on,Phone,Shoe size\n"
        "ana@example.com,Ana Q. Quill,Sheet,,1,44\n"
        "bo@example.com,Bo Lindt,Sheet,2026-09-01,2,45\n",
    )
    said = text(owner.get(url("list", harbour)))

    assert "0 added, 2 brought up to date, 0 unchanged." in said
    assert "Brought up to date: 1 with another consent and 1 with a name or segment alone." in said
    assert "1 subscriber keeps the dated consent they had" in said
    assert "These columns are none of a list and left aside:" in said
    assert "Shoe size" in said
    assert "Sign-up sheet at the harbor concert, 20 Jun 2026" in said


def test_a_thousand_bad_rows_are_counted_and_the_first_are_named(owner: Client, harbour: MailingList) -> None:
    answer = send_file(owner, harbour, "address,consent_source\n" + "bo@,Sheet\n" * 1_000)

    assert len(re.findall(r'<th scope="row"[^>]*>Line ', answer.content.decode())) == BAD_ROWS_SHOWN
    assert "And 900 more rows." in text(answer)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"\x00" * 500,
        bytes(range(256)) * 40,
        b"PK\x03\x04 a workbook",
        "address,consent_source\nana@example.com,Sheet\n".encode("utf-16"),
        b'address,consent_source\n"ana@example.com,Sheet\n',
        b"name,phone\nAna,1\n",
        b"address,consent_source\n" + b"x" * 1_000_000 + b",Sheet\n",
        b"address,consent_source\nana@example.com,\x00\n",
    ],
    ids=[
        "empty",
        "blank",
        "nul",
        "binary",
        "workbook",
        "utf-16",
        "open quote",
        "other columns",
        "1 MB",
        "nul cell",
    ],
)
def test_files_that_are_none_are_refused_with_a_reason(
    content: bytes, owner: Client, harbour: MailingList
) -> None:
    answer = send_file(owner, harbour, content)

    assert answer.status_code == 422
    assert "nothing of it was kept" in text(answer) or "Please check this form" in text(answer)
    assert not Subscriber.objects.exists()


def test_a_file_of_25_mb_is_refused_unread(owner: Client, harbour: MailingList) -> None:
    answer = send_file(owner, harbour, b"a" * 25_000_000)

    assert answer.status_code == 422
    assert "larger than 20 MB" in text(answer)
    assert LARGEST_FILE == 20_000_000


def test_no_file_and_odd_names_of_files_are_no_error_of_ours(owner: Client, harbour: MailingList) -> None:
    answer = owner.post(url("import_subscribers", harbour), {})
    assert answer.status_code == 422
    assert "Choose a file." in text(answer)
    assert owner.post(url("import_subscribers", harbour), {"file": "text"}).status_code == 422
    for name in ("../../etc/passwd", "x" * 190 + ".csv", "a\nb.csv", "“odd”.csv"):
        assert send_file(owner, harbour, SAMPLE, name=name).status_code in (302, 422)


def test_names_in_a_list_are_text_and_never_markup(owner: Client, harbour: MailingList) -> None:
    join(harbour, "ana@example.com", name="<script>alert(1)</script>{{ 7|add:7 }}")
    page = owner.get(url("list", harbour)).content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in page


# Who may


def test_a_reader_sees_lists_and_may_change_nothing(reader: Client, harbour: MailingList) -> None:
    row = join(harbour, "ana@example.com")
    page = reader.get(url("list", harbour))

    assert addresses(page) == ["ana@example.com"]
    assert "Remove" not in text(page)
    assert "Import a file" not in text(page)
    for path in ("change_list", "import_subscribers", "add_subscriber"):
        assert reader.get(url(path, harbour)).status_code == 403
        assert reader.post(url(path, harbour), {}).status_code == 403
    assert reader.post(url("remove_subscriber", harbour, subscriber=row.pk)).status_code == 403
    assert reader.post("/mail/lists/new", {"name": "Mine", "purpose": "News."}).status_code == 403
