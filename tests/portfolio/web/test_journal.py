"""Writing entries: what is typed is posted once, refused at its place with everything kept, copied and corrected."""

import re
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core import months
from portfolio.domain.payables import bills, vendors
from portfolio.models import Account, EntryDocument, JournalEntry, Period
from tests.portfolio.web.conftest import AS_OF, AT, OCTOBER, World

KEY = str(uuid.UUID(int=7))
SPLIT = (("1010", "", "100.00"), ("6100", "70.01", ""), ("insurance", "29.99", ""))


def typed(*lines: tuple[str, str, str], **fields: Any) -> dict[str, Any]:
    """Return what a browser would send."""
    data: dict[str, Any] = {"key": KEY, "on": "2026-10-20", "memo": "Harbor bill", "lines": "8"}
    for number, (account, debit, credit) in enumerate(lines):
        data |= {
            f"line-{number}-account": account,
            f"line-{number}-debit": debit,
            f"line-{number}-credit": credit,
        }
    return data | fields


def begins(page: str) -> str | None:
    """Return the id of the one field that has the focus, or None where the list of what is wrong has it."""
    (tag,) = re.findall(r"<[^>]* autofocus[^>]*>", page)
    found = re.search(r' id="([^"]+)"', tag)
    return found[1] if found else None


def add(world: World) -> str:
    return reverse("portfolio:add_entry", args=[world.mine.entity.slug])


def test_one_payment_goes_to_several_accounts_and_two_presses_post_once(world: World) -> None:
    client = world.client("bookkeeper")
    assert begins(client.get(add(world)).content.decode()) == "id_on"
    reference = world.mine.booking.reference.lower()
    data = typed(*SPLIT, **{"line-1-booking": reference, "line-1-memo": " October "})

    first = client.post(add(world), data)
    again = client.post(add(world), data)

    entry = JournalEntry.objects.get(memo="Harbor bill")
    assert first.status_code == again.status_code == 302
    assert first["Location"] == again["Location"] == reverse("portfolio:entry", args=[entry.pk])
    assert [(p.account.code, p.amount_minor, p.memo, p.booking_id) for p in entry.postings.all()] == [
        ("1010", -10_000, "", None),
        ("6100", 7_001, "October", world.mine.booking.pk),
        ("6200", 2_999, "", None),
    ]
    assert entry.by == world.bookkeeper
    other = client.post(add(world), typed(*SPLIT, memo="Another"))
    assert other.status_code == 422
    assert "This form posted an entry already" in other.content.decode()
    assert KEY not in other.content.decode()


@pytest.mark.parametrize(
    ("lines", "fields", "place", "words"),
    [
        (SPLIT[:2], {}, None, "out of balance by −$29.99"),
        ((), {}, None, "needs at least two"),
        ((("9999", "5", ""), ("1010", "", "5")), {}, "line-0-account", "has no account “9999”"),
        ((("Dokage", "5", ""), ("1010", "", "5")), {}, "line-0-account", "Near it: 6100 Dockage"),
        ((("uncategorised", "5", ""), ("1010", "", "5")), {}, "line-0-account", "could be several accounts"),
        ((("6500", "5", ""), ("1010", "", "5")), {}, "line-0-account", "6500 Contractors is not active"),
        ((("", "5", ""), ("1010", "", "5")), {}, "line-0-account", "Say which account"),
        ((("6100", "5", "5"), ("1010", "", "5")), {}, "line-0-credit", "not both"),
        ((("6100", "", ""), ("1010", "", "5")), {}, "line-0-debit", "Give an amount"),
        ((("6100", "-5", ""), ("1010", "", "5")), {}, "line-0-debit", "above zero"),
        ((("6100", "1e400", ""), ("1010", "", "5")), {}, "line-0-debit", "is not an amount"),
        ((("6100", "9" * 900_000, ""), ("1010", "", "5")), {}, "line-0-debit", "larger than any amount"),
        ((("6100\x00", "5", ""), ("1010", "", "5")), {}, "line-0-account", "has no account"),
        (SPLIT, {"line-0-booking": "BK-none"}, "line-0-booking", "has no booking BK-none"),
        (SPLIT, {"line-0-booking": "B\x00"}, "line-0-booking", "no such booking"),
        (SPLIT, {"line-0-memo": "x" * 201}, "line-0-memo", "more than 200 characters"),
        (SPLIT, {"on": "2026-09-20"}, "id_on", "closed for Sep 2026"),
        (SPLIT, {"on": "2226-10-20"}, "id_on", "too far away"),
        (SPLIT, {"on": "2026-02-30"}, "id_on", "This is not a date"),
        (SPLIT, {"memo": " "}, "id_memo", "required"),
        (SPLIT, {"memo": "a\x00"}, "id_memo", "Null characters"),
        (SPLIT, {"key": "mine"}, None, "open it again"),
    ],
)  # fmt: skip
def test_a_refusal_stands_at_its_place_and_everything_typed_is_kept(
    world: World, lines: Any, fields: dict[str, str], place: str | None, words: str
) -> None:
    Account.objects.filter(entity=world.mine.entity, code="6500").update(active=False)
    Period.objects.create(
        entity=world.mine.entity, month=months.parse("2026-09"), state="closed", closed_at=AT
    )
    before = JournalEntry.objects.count()

    answer = world.client("bookkeeper").post(add(world), typed(*lines, **fields))
    page = answer.content.decode()

    assert answer.status_code == 422
    assert words in page
    if place is not None:
        assert f'href="#{place}"' in page
    assert begins(page) == place
    for text in {"2026-10-20", "Harbor bill", *(part for line in lines for part in line)} - {""}:
        if "\x00" not in text and len(text) < 100 and text not in fields:
            assert f'value="{text}"' in page or text in ("2026-10-20", "Harbor bill")
    assert JournalEntry.objects.count() == before


def test_more_lines_keep_what_was_typed_and_judge_nothing(world: World) -> None:
    answer = world.client("bookkeeper").post(add(world), typed(*SPLIT, more="1", on="soon"))
    page = answer.content.decode()

    assert answer.status_code == 200
    assert page.count("data-line ") == 12
    assert begins(page) == "line-8-account"
    assert 'value="soon"' in page
    assert 'value="70.01"' in page
    assert "error-summary" not in page


def test_another_entry_begins_at_the_same_date_and_a_copy_with_the_same_lines(world: World) -> None:
    client = world.client("bookkeeper")
    answer = client.post(add(world), typed(*SPLIT, another="1"))
    assert answer["Location"] == f"{add(world)}?on=2026-10-20"
    assert 'value="2026-10-20"' in client.get(answer["Location"]).content.decode()

    entry = JournalEntry.objects.get(memo="Harbor bill")
    page = client.get(f"{add(world)}?copy={entry.pk}").content.decode()
    for text in ("Harbor bill", "6100 Dockage", "70.01", "100.00"):
        assert f'value="{text}"' in page
    for odd in (f"copy={world.other.entry.pk}", "copy=x", f"copy={10**30}", "on=2026-02-30", "on=%00"):
        assert "Jazz" not in client.get(f"{add(world)}?{odd}").content.decode()


def test_correcting_reverses_and_posts_in_one_step_and_shows_all_three(world: World) -> None:
    client, wrong = world.client("bookkeeper"), world.mine.entry
    url = reverse("portfolio:correct_entry", args=[wrong.pk])
    assert 'value="2,100.00"' in client.get(url).content.decode()
    lines = (("1010", "2000", ""), ("4000", "", "2000"))
    closed = Period.objects.create(entity=world.mine.entity, month=OCTOBER, state="closed", closed_at=AT)

    fields = {"reversed_on": "2026-11-09", "reason": "Wrong amount"}
    refused = client.post(url, typed(*lines, **fields))
    assert refused.status_code == 422
    assert not JournalEntry.objects.filter(reverses=wrong).exists()
    closed.delete()
    posted = [client.post(url, typed(*lines, **fields)) for _ in range(2)]

    right = JournalEntry.objects.get(external_id=f"corrects:{wrong.pk}")
    assert {answer["Location"] for answer in posted} == {reverse("portfolio:entry", args=[right.pk])}
    page = client.get(reverse("portfolio:entry", args=[wrong.pk])).content.decode()
    reversal = JournalEntry.objects.get(reverses=wrong)
    for entry in (right, reversal):
        assert reverse("portfolio:entry", args=[entry.pk]) in page
    assert "Reverse and correct" not in page
    page = client.get(reverse("portfolio:entry", args=[right.pk])).content.decode()
    assert reverse("portfolio:entry", args=[wrong.pk]) in page
    assert right.chain_hash[:12] in page


def test_a_receipt_comes_with_the_entry_or_not_at_all(world: World) -> None:
    client = world.client("bookkeeper")
    receipts = [
        SimpleUploadedFile("r.pdf", b"%PDF-1.7 one"),
        SimpleUploadedFile("r.html", b"<script>alert(1)</script>"),
    ]
    client.post(add(world), typed(*SPLIT, documents=receipts))
    entry = JournalEntry.objects.get(memo="Harbor bill")
    assert [found.content_type for found in entry.documents.all()] == ["application/pdf", "text/plain"]

    bad = SimpleUploadedFile("r.exe", b"MZ\x00\x01")
    answer = client.post(add(world), typed(*SPLIT, key=str(uuid.uuid4()), documents=[bad]))
    assert answer.status_code == 422
    assert "r.exe is no document we can keep" in answer.content.decode()


def test_a_document_is_handed_out_to_who_may_read_the_entity(world: World) -> None:
    found = EntryDocument.objects.get(entry=world.mine.entry)
    url = reverse("portfolio:document", args=[found.pk])

    answer = world.client("reader").get(url)

    assert b"".join(answer.streaming_content) == b"%PDF-1.7 receipt"  # type: ignore[arg-type]
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    other = EntryDocument.objects.get(entry=world.other.entry)
    assert world.client("reader").get(reverse("portfolio:document", args=[other.pk])).status_code == 404
    refused = world.client("bookkeeper").post(
        reverse("portfolio:attach_document", args=[world.mine.entry.pk]),
        {"document": SimpleUploadedFile("a.heic", b"\x00\x00\x00\x18ftypheic")},
    )
    assert refused.status_code == 422
    assert "HEIC" in refused.content.decode()


def test_the_journal_goes_out_as_text_and_comes_in_once_its_accounts_are_known(world: World) -> None:
    client = world.client("bookkeeper")
    export = reverse("portfolio:export_journal", args=[world.mine.entity.slug])
    answer = client.get(f"{export}?format=beancount")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[arg-type]
    assert "Queen dockage" in text
    assert client.get(f"{export}?format=xml").status_code == 404

    bring = reverse("portfolio:import_journal", args=[world.mine.entity.slug])
    journal = b"2026-10-05 Tea\n    Galley  $4.00\n    1010\n"
    page = client.post(bring, {"file": SimpleUploadedFile("t.journal", journal)})
    assert "Some accounts are not known here" in page.content.decode()
    choice = {"token": page.context["token"], "account-0": "1010", "account-1": "5400"}
    assert "Post 1 transaction" in client.post(bring, choice).content.decode()
    assert not JournalEntry.objects.filter(memo="Tea").exists()
    assert client.post(bring, choice | {"post": "1"}).status_code == 302
    assert JournalEntry.objects.filter(memo="Tea").count() == 1

    refused = client.post(bring, {"file": SimpleUploadedFile("t.journal", b"include x\n")})
    assert refused.status_code == 422
    assert "another file is never opened" in refused.content.decode()
    gone = client.post(bring, choice | {"post": "1"})
    assert gone.status_code == 302
    assert JournalEntry.objects.filter(memo="Tea").count() == 1


def test_the_page_of_an_entry_leads_to_where_it_is_undone(world: World) -> None:
    vendor = vendors.add(entity=world.mine.entity, terms=vendors.VendorTerms(name="Rigger"), by=None, at=AT)
    line = bills.LineDraft(Account.objects.get(entity=world.mine.entity, code="6300"), 5_000, "Halyards")
    bill = bills.enter(
        vendor=vendor, reference="R-9", issued_on=AS_OF, due_on=AS_OF, lines=[line], by=None, at=AT
    )
    client, shown = world.client("bookkeeper"), reverse("portfolio:entry", args=[bill.entry.pk])
    page = client.get(shown).content.decode()
    assert reverse("portfolio:bill", args=[bill.pk]) in page
    assert "This entry was made by bill R-9; void the bill on its page." in page
    for name in ("reverse_entry", "correct_entry"):
        assert reverse(f"portfolio:{name}", args=[bill.entry.pk]) not in page
    answer = client.post(f"{shown}reverse/", {"on": "2026-11-10", "reason": "Twice"})
    assert answer.status_code == 422
    assert "void the bill on its page" in answer.content.decode()
    assert not JournalEntry.objects.filter(reverses=bill.entry).exists()
    own = client.get(reverse("portfolio:entry", args=[world.mine.entry.pk])).content.decode()
    assert reverse("portfolio:reverse_entry", args=[world.mine.entry.pk]) in own
