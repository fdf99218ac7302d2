"""`verify_books` tells of numbers that a series gave out and no document bears."""

import pytest

from core.models import AuditEvent
from portfolio.domain.receivables import credit
from portfolio.domain.receivables.landing import land_invoices
from portfolio.domain.verified_numbers import verify_numbers
from portfolio.models import NumberSeries, SeriesKind
from tests.portfolio.receivables.conftest import AT, TODAY, Office

pytestmark = pytest.mark.django_db
HEADS = b"entity,number,client,issued_on,terms_days,amount,paid_on\n"


def test_every_number_from_the_first_to_the_last_stands_on_one_document(office: Office) -> None:
    first, second = office.issued(), office.issued()
    credit.note(invoice=first, amount_minor=1, reason="Slip", on=TODAY, today=TODAY, by=None, at=AT)
    # Another program's invoice leaps ahead, and the series goes on after it.
    land_invoices(data=HEADS + b"dc,DC-6,Harbor Dental,2026-11-02,30,10.00,\n", name="i.csv", by=None, at=AT)
    assert office.issued().reference == "DC-7"
    assert verify_numbers() == []

    series = NumberSeries.objects.filter(kind=SeriesKind.INVOICE)
    series.update(last=9)
    assert verify_numbers() == [
        "Invoices of Dockside lack the numbers DC-8, DC-9: the series gave them out, and no document bears them."
    ]
    series.update(last=6)
    assert verify_numbers() == ["Invoices of Dockside go up to 7, and the series to 6."]
    series.update(last=7)

    issued = AuditEvent.objects.filter(action="portfolio:invoice:issue").order_by("pk")[0]
    for subject, reference in (("999999", "DC-3"), (str(second.pk), "DC-4")):
        AuditEvent.objects.create(
            at=AT, action=issued.action, subject_type=issued.subject_type, subject_id=subject, entity_slug="dc",
            subject_label=reference, data={"reference": reference},
        )  # fmt: skip
    assert verify_numbers() == [
        "The invoice DC-3 of Dockside was issued, and is gone or has lost its number.",
        "The invoice DC-4 of Dockside was issued under that number, and is DC-2 now.",
    ]
