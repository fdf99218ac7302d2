"""Reminders and invoices as letters: drafted once, in words somebody sees, and refused when they have become untrue."""

import pytest

from mail.domain import compose, drafts
from mail.domain.decisions import DecisionRefusedError
from mail.models import Message, State
from portfolio.domain.receivables import clients, dunning, letters
from portfolio.domain.receivables.clients import Paper, Particulars
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import DunningLetter
from tests.factories import people
from tests.portfolio.receivables.conftest import AT, TODAY, Office, day

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def levels(office: Office) -> list[tuple[str, int]]:
    return [(row.client.name, row.level) for row in dunning.overdue(entity=office.books.entity, as_of=TODAY)]


def test_the_level_follows_the_days_of_the_entity_and_what_was_written_before(office: Office) -> None:
    office.issued(10_000, "09-25")  # due 25 October, 16 days
    assert levels(office) == [("Harbor Dental", 1)]
    clients.set_paper(
        entity=office.books.entity,
        said=Paper("Dock", first_days=3, second_days=10, third_days=17),
        by=None,
        at=AT,
    )
    assert levels(office) == [("Harbor Dental", 1)], "the second does not come before the first"

    entity, client = office.books.entity, office.client
    letter = dunning.draft(entity=entity, client=client, on=TODAY, by=None, at=AT)
    assert dunning.draft(entity=entity, client=client, on=TODAY, by=None, at=AT) == letter
    assert (letter.level, DunningLetter.objects.count(), Message.objects.count()) == (1, 1, 1)
    assert levels(office) == [("Harbor Dental", 0)]
    later = {
        on: [row.level for row in dunning.overdue(entity=entity, as_of=day(on))] for on in ("11-16", "11-17")
    }
    assert later == {"11-16": [0], "11-17": [2]}

    drafts.discard(message=letter.message, by=people.owner(), at=AT)
    assert levels(office) == [("Harbor Dental", 1)]
    with pytest.raises(RefusedError, match="not follow|comes later"):
        clients.set_paper(entity=entity, said=Paper("Dock", first_days=9, second_days=9), by=None, at=AT)


def test_a_reminder_of_what_was_paid_meanwhile_is_refused_and_can_be_thrown_away(office: Office) -> None:
    office.issued(10_000, "09-25")
    letter = dunning.draft(entity=office.books.entity, client=office.client, on=TODAY, by=None, at=AT)
    said = compose.compose(letter.message)
    assert "DC-1 of 25 September 2026, due 25 October 2026: $100.00" in said.text
    office.pay(10_000)

    owner = people.owner()
    with pytest.raises(DecisionRefusedError, match=r"DC-1 has been settled since this was written\. Throw"):
        drafts.release(message=letter.message, by=owner, at=AT)
    drafts.discard(message=letter.message, by=owner, at=AT)
    assert Message.objects.get().state == State.DISCARDED


def test_an_invoice_goes_with_its_pdf_and_without_an_address_nothing_is_drafted(office: Office) -> None:
    issued = office.issued(10_000)
    message = letters.draft_invoice(invoice=issued, on=TODAY, by=None, at=AT)
    assert letters.draft_invoice(invoice=issued, on=TODAY, by=None, at=AT) == message
    said = compose.compose(message)
    (pdf,) = said.attachments
    assert pdf.filename == "DC-1.pdf"
    assert pdf.content.startswith(b"%PDF-")
    assert letters.waiting(entity=office.books.entity) == [message]

    drafts.discard(message=message, by=people.owner(), at=AT)
    second = letters.draft_invoice(invoice=issued, on=TODAY, by=None, at=AT)
    assert letters.waiting(entity=office.books.entity) == [second]
    drafts.release(message=second, by=people.owner(), at=AT)
    with pytest.raises(RefusedError, match="went out on 10 November"):
        letters.draft_invoice(invoice=issued, on=TODAY, by=None, at=AT)

    clients.change(client=office.client, particulars=Particulars("Harbor Dental"), by=None, at=AT)
    issued.client.refresh_from_db()
    with pytest.raises(RefusedError, match="no mail address"):
        letters.draft_invoice(invoice=issued, on=day("11-11"), by=None, at=AT)
    office.pay(10_000)
    issued.refresh_from_db()
    with pytest.raises(RefusedError, match="is settled"):
        letters.draft_invoice(invoice=issued, on=day("11-11"), by=None, at=AT)
